import type { Clock, Timer } from '../../base/clock.ts'

/** A line on a terminal that changes while something takes long. */
export interface Progress {
  /** Takes the line away, for good. */
  stop(): void
}

export interface ProgressOptions {
  readonly clock: Clock
  /** Nothing is ever shown where nothing can move. */
  readonly canAnimate: boolean
  readonly text: () => string
  /** What takes less than this is not worth a word. */
  readonly afterMs?: number
}

const AFTER_MS = 700
const UPDATE_MS = 200

/** A spinner that comes only when the work takes long: ora costs 100 ms to load. */
export function startProgress(options: ProgressOptions): Progress {
  const { clock, canAnimate, text, afterMs = AFTER_MS } = options
  let stopped = !canAnimate
  let timer: Timer | undefined
  let takeAway: () => void = () => undefined
  const show = async () => {
    const { default: ora } = await import('ora')
    if (stopped) return
    const spinner = ora({ text: text(), stream: process.stderr, discardStdin: false }).start()
    takeAway = () => {
      spinner.stop()
    }
    const update = () => {
      spinner.text = text()
      timer = clock.setTimer(UPDATE_MS, update, { unref: true })
    }
    update()
  }
  if (!stopped) timer = clock.setTimer(afterMs, () => void show(), { unref: true })
  return {
    stop() {
      stopped = true
      timer?.cancel()
      takeAway()
    },
  }
}

/** Says what is waited for, until something is written. */
export class WaitingLine {
  private readonly show: () => Progress
  private line: Progress | undefined

  constructor(show: () => Progress) {
    this.show = show
  }

  start(): void {
    this.line = this.show()
  }

  /** For good. */
  stop(): void {
    this.line?.stop()
    this.line = undefined
  }

  /** Nothing moves while somebody is asked; then it is waited for again. */
  async giveWayTo<T>(ask: () => Promise<T>): Promise<T> {
    const wasShown = this.line !== undefined
    this.stop()
    const answer = await ask()
    if (wasShown) this.start()
    return answer
  }
}
