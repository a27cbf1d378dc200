import type { Clock } from '../../base/clock.ts'
import type { RecoveryProgress } from '../../storage/index.ts'
import { Meter } from './meter.ts'
import type { Progress } from './progress.ts'
import { sizeText } from './text.ts'

/** How often a server that nobody watches says how far it is. */
const LINE_EVERY_MS = 5_000

/** `Recovering logs: 12 of 300 (3.1 GiB of 8.0 GiB)`, for lines that stay. */
export function recoveryText({ logs, totalLogs, bytes, totalBytes }: RecoveryProgress): string {
  return `Recovering logs: ${logs} of ${totalLogs} (${sizeText(bytes)} of ${sizeText(totalBytes)})`
}

export interface RecoveryDisplayOptions {
  readonly clock: Clock
  /** A line that moves, where one can; undefined when the command shows one already, with {@link RecoveryDisplay.text}. */
  readonly progress: ((text: () => string) => Progress) | undefined
  /** For servers that nobody watches: a line now and then. */
  readonly note: ((line: string) => void) | undefined
}

/** Shows how far the logs of the local cluster are that have to be recovered after a kill. */
export class RecoveryDisplay {
  private readonly options: RecoveryDisplayOptions
  private current: RecoveryProgress | undefined
  private shown: Progress | undefined
  private nextNoteMs: number | undefined
  private hasNoted = false
  private meter: Meter | undefined

  constructor(options: RecoveryDisplayOptions) {
    this.options = options
  }

  /** Undefined when nothing is being recovered. */
  get text(): string | undefined {
    const { current } = this
    return current === undefined || current.logs === current.totalLogs ? undefined : this.line(current)
  }

  update(progress: RecoveryProgress): void {
    const isFirst = this.current === undefined
    this.current = progress
    const { options } = this
    if (isFirst) this.shown = options.progress?.(() => this.line(this.current ?? progress))
    if (this.text === undefined) this.shown?.stop()
    if (options.note !== undefined) this.maybeNote(options.note, recoveryText(progress))
  }

  stop(): void {
    this.shown?.stop()
  }

  /** With the rate and the time left. */
  private line({ logs, totalLogs, bytes, totalBytes }: RecoveryProgress): string {
    this.meter ??= new Meter({ clock: this.options.clock, unit: 'bytes' })
    return this.meter.line(`Recovering logs: ${logs} of ${totalLogs}`, bytes, totalBytes)
  }

  /** Only when it takes that long, and then also the last one, so that the lines end with all of it. */
  private maybeNote(note: (line: string) => void, text: string): void {
    const nowMs = this.options.clock.monotonicMs()
    this.nextNoteMs ??= nowMs + LINE_EVERY_MS
    const isLast = this.hasNoted && this.text === undefined
    if (nowMs < this.nextNoteMs && !isLast) return
    this.hasNoted = true
    this.nextNoteMs = nowMs + LINE_EVERY_MS
    note(text)
  }
}
