import type { Clock, Timer } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { LogManager, LogMove, TopicPartition } from '../../storage/index.ts'
import { fetcherNumber } from './fetcher-manager.ts'
import { ReplicationQuota } from './replication-quota.ts'
import type { ReplicaConfig, ReplicaManagerOptions } from './types.ts'

export interface LogDirMoversOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly moves: LogManager['moves']
  /** num.replica.alter.log.dirs.threads: logs that are copied at the same time. */
  readonly threads: number
  /** replica.alter.log.dirs.io.max.bytes.per.second, of all of them together. */
  readonly quota: ReplicationQuota
  /** replica.fetch.max.bytes: copied at a time. */
  readonly maxBytes: number
  /** replica.fetch.backoff.ms: after a failure, and while the quota is exceeded. */
  readonly backoffMs: number
}

interface Entry extends TopicPartition {
  readonly key: string
  move: LogMove | undefined
  /** Monotonic time before which it is left alone. */
  delayedUntilMs: number
  /** What was said of it last, so that a disk that stays full is not a line each second. */
  lastFailure: string | undefined
}

/** Brings logs into other directories of this broker (kafka.server.ReplicaAlterLogDirsManager). */
export class LogDirMovers {
  private readonly options: LogDirMoversOptions
  private readonly movers = new Map<number, LogDirMover>()

  constructor(options: LogDirMoversOptions) {
    this.options = options
  }

  /** Goes on with what is on its way to another directory; does nothing when that is so already. */
  add(each: TopicPartition): void {
    const number = fetcherNumber(each.topic, each.partition, this.options.threads)
    let mover = this.movers.get(number)
    if (mover === undefined) {
      mover = new LogDirMover(this.options)
      this.movers.set(number, mover)
    }
    mover.add(each)
  }

  /** What was copied stays. */
  remove({ topic, partition }: TopicPartition): void {
    if (this.movers.size === 0) return
    this.movers.get(fetcherNumber(topic, partition, this.options.threads))?.remove(`${topic}-${partition}`)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.movers.values()].map((mover) => mover.stop()))
    this.movers.clear()
  }
}

/**
 * One log at a time, so that it is soon done: the first by name, until it has arrived or cannot go on
 * (kafka.server.ReplicaAlterLogDirsThread).
 */
class LogDirMover {
  private readonly options: LogDirMoversOptions
  private readonly entries = new Map<string, Entry>()
  private running: Promise<void> | undefined
  private isStopped = false
  private wake: (() => void) | undefined
  private timer: Timer | undefined

  constructor(options: LogDirMoversOptions) {
    this.options = options
  }

  add({ topic, partition }: TopicPartition): void {
    const key = `${topic}-${partition}`
    if (this.isStopped || this.entries.has(key)) return
    const entry = { topic, partition, key, move: undefined, delayedUntilMs: 0, lastFailure: undefined }
    this.entries.set(key, entry)
    this.wakeUp()
    this.running ??= this.run().finally(() => {
      this.running = undefined
    })
  }

  remove(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    entry.move?.end()
  }

  async stop(): Promise<void> {
    this.isStopped = true
    for (const key of [...this.entries.keys()]) this.remove(key)
    this.wakeUp()
    await this.running
  }

  private async run(): Promise<void> {
    await Promise.resolve()
    while (!this.isStopped && this.entries.size > 0) {
      const nowMs = this.options.clock.monotonicMs()
      const all = [...this.entries.values()]
      const entry = all.filter((each) => each.delayedUntilMs <= nowMs).reduce(earlierByName, undefined)
      if (this.options.quota.isExceeded) await this.pause(this.options.backoffMs)
      else if (entry !== undefined) await this.step(entry)
      else await this.pause(Math.min(...all.map(({ delayedUntilMs }) => delayedUntilMs)) - nowMs)
    }
  }

  private async step(entry: Entry): Promise<void> {
    const { moves, quota, maxBytes, clock, logger, backoffMs } = this.options
    entry.move ??= moves.moveOf(entry.topic, entry.partition)
    const { move } = entry
    if (move === undefined) {
      this.drop(entry)
      return
    }
    try {
      const { copiedBytes, isDone } = await move.step(maxBytes)
      quota.record(copiedBytes)
      entry.lastFailure = undefined
      if (isDone) this.drop(entry)
    } catch (error) {
      // Deleted, given up, or offline: whoever did that has said so.
      if (this.entries.get(entry.key) !== entry) return
      if (move.current.isGone || move.future.isGone) {
        this.drop(entry)
        return
      }
      const failure = messageOf(error)
      if (failure !== entry.lastFailure) {
        const { logDir } = move.future
        logger.warn(`moving ${entry.key} to ${logDir} failed, trying again: ${failure}`)
      }
      entry.lastFailure = failure
      entry.delayedUntilMs = clock.monotonicMs() + backoffMs
    }
  }

  private drop(entry: Entry): void {
    if (this.entries.get(entry.key) === entry) this.remove(entry.key)
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
      this.timer = this.options.clock.setTimer(delayMs, () => this.wakeUp(), { unref: true })
    })
  }

  private wakeUp(): void {
    this.timer?.cancel()
    this.timer = undefined
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}

function earlierByName(a: Entry | undefined, b: Entry): Entry {
  if (a === undefined) return b
  const isEarlier = a.topic === b.topic ? a.partition < b.partition : a.topic < b.topic
  return isEarlier ? a : b
}

export function logDirMovers(options: ReplicaManagerOptions, config: ReplicaConfig): LogDirMovers {
  const { brokerId, clock, logger, logManager, logDirMoves } = options
  return new LogDirMovers({
    clock,
    logger,
    moves: logManager.moves,
    threads: Math.max(1, logDirMoves?.threads ?? 1),
    maxBytes: config.replicaFetchMaxBytes,
    backoffMs: config.replicaFetchBackoffMs,
    quota: new ReplicationQuota({
      brokerId,
      clock,
      bytesPerSecond: () => logDirMoves?.bytesPerSecond() ?? Number.POSITIVE_INFINITY,
      throttledReplicas: () => '*',
      windowCount: logDirMoves?.windowCount ?? 1,
      windowMs: logDirMoves?.windowMs ?? 1000,
    }),
  })
}
