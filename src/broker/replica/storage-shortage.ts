import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Partition } from './partition.ts'

export interface StorageShortageOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Whether a log directory can take records again, as far as one can see; undefined: whether any can. */
  readonly hasRoom: (logDir: string | undefined) => boolean
  /** Makes the controller ask this broker for all its replicas, as after the failure of a log directory. */
  readonly report: () => void
}

/** So that many replicas of a full disk make one report. */
const REPORT_DELAY_MS = 100
const PROBE_INTERVAL_MS = 10_000

/**
 * Followers that cannot store what they fetch, because the disk is full or descriptors have run out. Kafka takes the whole
 * directory offline then. Here it stays, and only these replicas count as offline: they leave the ISR at once, so that
 * nobody waits replica.lag.time.max.ms for them, and come back when there is room.
 */
export class StorageShortage {
  private readonly options: StorageShortageOptions
  /** Their log directories; undefined for a log that could not even be made. */
  private readonly logDirs = new Map<string, string | undefined>()
  private reportTimer: Timer | undefined
  private probeTimer: Timer | undefined

  constructor(options: StorageShortageOptions) {
    this.options = options
  }

  /** By `TOPIC-N`. */
  has(key: string): boolean {
    return this.logDirs.size > 0 && this.logDirs.has(key)
  }

  add({ key, log }: Partition): void {
    if (this.logDirs.has(key)) return
    const place = log === undefined ? 'any log directory' : log.logDir
    this.options.logger.warn(`${key} cannot be stored in ${place} and leaves the ISR until there is room`)
    this.logDirs.set(key, log?.logDir)
    this.reportSoon()
    this.probeTimer ??= this.options.clock.setTimer(PROBE_INTERVAL_MS, () => this.probe(), { unref: true })
  }

  remove(key: string): void {
    this.logDirs.delete(key)
  }

  close(): void {
    this.reportTimer?.cancel()
    this.probeTimer?.cancel()
    this.logDirs.clear()
  }

  private reportSoon(): void {
    this.reportTimer ??= this.options.clock.setTimer(
      REPORT_DELAY_MS,
      () => {
        this.reportTimer = undefined
        this.options.report()
      },
      { unref: true },
    )
  }

  private probe(): void {
    this.probeTimer = undefined
    const before = this.logDirs.size
    for (const [key, logDir] of this.logDirs) if (this.options.hasRoom(logDir)) this.logDirs.delete(key)
    if (this.logDirs.size < before) this.reportSoon()
    if (this.logDirs.size === 0) return
    this.probeTimer = this.options.clock.setTimer(PROBE_INTERVAL_MS, () => this.probe(), { unref: true })
  }
}
