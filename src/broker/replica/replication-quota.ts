import type { Clock } from '../../base/clock.ts'

export interface ReplicationQuotaOptions {
  readonly clock: Clock
  /** How fast throttled replicas may be copied; infinite when they may be as fast as they can. Asked each time. */
  readonly bytesPerSecond: () => number
  /** What the topic's setting says: `PARTITION:BROKER,…` or `*`; undefined when it says nothing. Asked each time. */
  readonly throttledReplicas: (topic: string) => string | undefined
  readonly brokerId: number
  /** replication.quota.window.num: the one that is being filled included. */
  readonly windowCount: number
  readonly windowMs: number
}

interface Sample {
  startMs: number
  bytes: number
}

interface ThrottledReplicas {
  readonly text: string
  /** Null: all. */
  readonly partitions: ReadonlySet<number> | null
}

/**
 * Holds back the copying of replicas that an operator has named, so that moving them does not take the network from
 * everything else (KIP-73, kafka.server.ReplicationQuotaManager). The rate is that of the last seconds: what was copied is
 * counted, and as long as it is too much nothing more is asked for, or given.
 */
export class ReplicationQuota {
  private readonly options: ReplicationQuotaOptions
  private readonly samples: Sample[] = []
  private readonly parsed = new Map<string, ThrottledReplicas>()

  constructor(options: ReplicationQuotaOptions) {
    this.options = options
  }

  /** Whether there is a limit at all; nothing else needs to be asked or counted without one. */
  get isLimited(): boolean {
    return this.options.bytesPerSecond() < Number.MAX_SAFE_INTEGER
  }

  isThrottled(topic: string, partition: number): boolean {
    const text = this.options.throttledReplicas(topic)
    if (text === undefined || text === '') return false
    let replicas = this.parsed.get(topic)
    if (replicas?.text !== text) {
      replicas = { text, partitions: parseThrottledReplicas(text, this.options.brokerId) }
      this.parsed.set(topic, replicas)
    }
    return replicas.partitions === null || replicas.partitions.has(partition)
  }

  record(bytes: number): void {
    if (bytes === 0) return
    const nowMs = this.options.clock.monotonicMs()
    const last = this.samples.at(-1)
    if (last !== undefined && nowMs - last.startMs < this.options.windowMs) last.bytes += bytes
    else this.samples.push({ startMs: nowMs, bytes })
    this.forgetOld(nowMs)
  }

  get isExceeded(): boolean {
    const limit = this.options.bytesPerSecond()
    if (limit >= Number.MAX_SAFE_INTEGER) return false
    return this.bytesPerSecond() > limit
  }

  /** Over the windows that there are, one at least. */
  bytesPerSecond(): number {
    const nowMs = this.options.clock.monotonicMs()
    this.forgetOld(nowMs)
    const [oldest] = this.samples
    if (oldest === undefined) return 0
    let bytes = 0
    for (const sample of this.samples) bytes += sample.bytes
    return (bytes * 1000) / Math.max(nowMs - oldest.startMs, this.options.windowMs)
  }

  private forgetOld(nowMs: number): void {
    const { windowCount, windowMs } = this.options
    while (this.samples[0] !== undefined && nowMs - this.samples[0].startMs >= windowCount * windowMs) {
      this.samples.shift()
    }
  }
}

/** The partitions whose replica on this broker is named; null when all are. What cannot be read names none. */
export function parseThrottledReplicas(text: string, brokerId: number): ReadonlySet<number> | null {
  if (text.trim() === '*') return null
  const partitions = new Set<number>()
  for (const pair of text.split(',')) {
    const match = /^\s*(\d+)\s*:\s*(\d+)\s*$/.exec(pair)
    if (match !== null && Number(match[2]) === brokerId) partitions.add(Number(match[1]))
  }
  return partitions
}
