import type { Clock } from '../../../base/clock.ts'
import { loadStyles } from '../../output/styles.ts'
import { LiveScreen } from '../../screen/live-screen.ts'
import { type Drawn, drawTop, type TopStyles } from './draw.ts'
import type { Look } from './look.ts'
import { afterKey, type TopState } from './state.ts'
import { Trends } from './trends.ts'
import { type TopView, viewOf } from './view.ts'

export interface LiveTopOptions {
  readonly target: string
  readonly look: () => Promise<Look | undefined>
  readonly state: TopState
  readonly color: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Draws what it sees until somebody quits; true then, false when it was interrupted. */
export async function runLiveTop(options: LiveTopOptions): Promise<boolean> {
  return new LiveTop(options, await loadTopStyles(options.color)).run()
}

async function loadTopStyles(color: boolean): Promise<TopStyles> {
  const styles = await loadStyles(color)
  return { ...styles, inverse: color ? (text) => `\u001b[7m${text}\u001b[27m` : (text) => text }
}

class LiveTop {
  private readonly options: LiveTopOptions
  private readonly styles: TopStyles
  private readonly screen: LiveScreen
  private readonly trends = new Trends()
  private state: TopState
  private before: Look | undefined
  private view: TopView | undefined
  private silentSinceMs: number | undefined
  private drawn: Drawn = { lines: [], keys: [], pageRows: 1, maxScrolled: 0 }
  /** Ends a pause between two looks. */
  private wake: () => void = () => undefined

  constructor(options: LiveTopOptions, styles: TopStyles) {
    this.options = options
    this.styles = styles
    this.state = options.state
    this.screen = new LiveScreen({ onKey: (key) => this.onKey(key), onResize: () => this.draw() })
  }

  async run(): Promise<boolean> {
    const { signal, clock } = this.options
    const onAbort = () => this.wake()
    signal.addEventListener('abort', onAbort)
    try {
      this.draw()
      while (!this.isOver) {
        const startMs = clock.monotonicMs()
        if (!this.state.isPaused) await this.look()
        // Of a very large cluster, where looking is work, never more than half of the time.
        const tookMs = clock.monotonicMs() - startMs
        if (!this.isOver) await this.pause(startMs, tookMs + Math.min(tookMs, this.state.intervalMs))
      }
      return !signal.aborted
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.screen.close()
    }
  }

  private get isOver(): boolean {
    return this.state.hasQuit || this.options.signal.aborted
  }

  /** Nobody waits for a look that is under way when it is over. */
  private async look(): Promise<void> {
    const interrupted = new Promise<'over'>((resolve) => {
      this.wake = () => {
        if (this.isOver) resolve('over')
      }
    })
    const now = await Promise.race([this.options.look(), interrupted])
    if (now === 'over' || this.state.isPaused) return
    if (now === undefined) this.silentSinceMs ??= this.options.clock.nowMs()
    else {
      this.silentSinceMs = undefined
      this.view = viewOf(this.before, now)
      this.before = now
      this.trends.add(this.view)
    }
    this.draw()
  }

  /** Until it is time for the next look: as long as somebody wants it at this moment. */
  private pause(startMs: number, leastMs: number): Promise<void> {
    const { clock } = this.options
    return new Promise((resolve) => {
      const leftMs = () =>
        this.state.isPaused
          ? Number.POSITIVE_INFINITY
          : startMs + Math.max(leastMs, this.state.intervalMs) - clock.monotonicMs()
      let timer = clock.setTimer(Math.max(0, leftMs()), () => this.wake())
      this.wake = () => {
        timer.cancel()
        if (this.isOver || leftMs() <= 0) resolve()
        else timer = clock.setTimer(leftMs(), () => this.wake())
      }
    })
  }

  private onKey(key: string): void {
    this.state = afterKey(this.state, key, this.drawn)
    if (!this.isOver) this.draw()
    this.wake()
  }

  private draw(): void {
    const { view, trends, state, silentSinceMs, styles } = this
    const { rows, columns } = this.screen
    const { target } = this.options
    this.drawn = drawTop({ target, view, trends, state, silentSinceMs, rows, columns, styles })
    this.screen.draw(this.drawn.lines)
  }
}
