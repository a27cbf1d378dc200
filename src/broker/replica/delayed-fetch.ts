import type { Partition } from './partition.ts'
import { DelayedOperation } from './purgatory.ts'
import type { FetchParams, FetchPartition } from './types.ts'

/** One partition as the fetch found it. */
export interface FetchStatus {
  readonly partition: Partition
  readonly fetch: FetchPartition
  readonly leaderEpoch: number
  /** What the partition's byte count stood at. */
  readonly seenBytes: number
  /** What could be read then. */
  readonly readBytes: number
  /** Whether the replica that fetches is to wait, since too much is being copied. */
  readonly isHeldBack: (() => boolean) | null
}

/**
 * A fetch for which there was too little (kafka.server.DelayedFetch). It is over when enough has come, when a replica
 * changed its part or was cut, or at its deadline.
 */
export class DelayedFetch extends DelayedOperation {
  private readonly params: FetchParams
  private readonly statuses: readonly FetchStatus[]
  private readonly resolve: () => void

  constructor(params: FetchParams, statuses: readonly FetchStatus[], resolve: () => void) {
    super()
    this.params = params
    this.statuses = statuses
    this.resolve = resolve
  }

  get replicaId(): number {
    return this.params.replicaId
  }

  tryComplete(woken?: object): void {
    // One record anywhere is enough for most fetches: then only what changed has to be looked at.
    const onlyWoken = woken !== undefined && this.params.minBytes <= 1
    let availableBytes = 0
    for (const status of this.statuses) {
      if (onlyWoken && status.partition !== woken) continue
      const available = this.available(status)
      if (available === null) {
        this.complete()
        return
      }
      availableBytes += available
    }
    if (availableBytes >= this.params.minBytes) this.complete()
  }

  /** Bytes that could be sent now; null when the answer is something else than more bytes. */
  private available(status: FetchStatus): number | null {
    const { partition, fetch, leaderEpoch, seenBytes, readBytes, isHeldBack } = status
    const { isolation, onlyFromLeader } = this.params
    const { log } = partition
    if (log === undefined || partition.leaderEpoch !== leaderEpoch) return null
    if (onlyFromLeader && !partition.isLeader) return null
    if (fetch.fetchOffset > log.logEndOffset) return null
    if (log.isOpen && fetch.fetchOffset < log.logStartOffset) return null
    const isLogEnd = isolation === 'log-end'
    const end = isLogEnd
      ? log.logEndOffset
      : isolation === 'committed'
        ? log.lastStableOffset
        : log.highWatermark
    if (end <= fetch.fetchOffset || isHeldBack?.() === true) return 0
    const { appendedBytes, committedBytes } = partition.bytes
    const newBytes = (isLogEnd ? appendedBytes : committedBytes) - seenBytes
    // Something is there; how much is known to the append only.
    return Math.min(fetch.maxBytes, Math.max(1, readBytes + newBytes))
  }

  protected onComplete(): void {
    this.resolve()
  }
}
