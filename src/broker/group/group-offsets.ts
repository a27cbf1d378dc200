/** What a group committed for one partition (org.apache.kafka.coordinator.group.OffsetAndMetadata). */
export interface CommittedOffset {
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** Set by clients up to OffsetCommit v4; null: the broker's retention holds. */
  readonly expireTimestampMs: number | null
  /** Where the record's batch lies in the log; -1 while it is on its way. */
  readonly baseOffset: number
}

export interface OffsetPartition {
  readonly topic: string
  readonly partition: number
}

/** An offset together with the partition it is for. */
export interface PartitionOffset extends OffsetPartition {
  readonly committed: CommittedOffset
}

export function offsetKey({ topic, partition }: OffsetPartition): string {
  return `${topic}-${partition}`
}

/** The offsets of one group: committed ones, those on their way to the log, and those of open transactions. */
export class GroupOffsets {
  private readonly committed = new Map<string, PartitionOffset>()
  private readonly pending = new Map<string, CommittedOffset>()
  /** By producer id. */
  private readonly transactional = new Map<number, Map<string, PartitionOffset>>()

  get isEmpty(): boolean {
    return this.committed.size === 0 && this.pending.size === 0 && this.transactional.size === 0
  }

  /** What was read from the log. */
  load(committed: Iterable<PartitionOffset>, transactional: Iterable<[number, PartitionOffset[]]>): void {
    for (const each of committed) this.committed.set(offsetKey(each), each)
    for (const [producerId, offsets] of transactional) {
      this.transactional.set(producerId, new Map(offsets.map((each) => [offsetKey(each), each])))
    }
  }

  get(partition: OffsetPartition): CommittedOffset | undefined {
    return this.committed.get(offsetKey(partition))?.committed
  }

  all(): PartitionOffset[] {
    return [...this.committed.values()]
  }

  /** Whether a commit for the partition is under way or part of a transaction that is still open (KIP-447). */
  isUnstable(partition: OffsetPartition): boolean {
    const key = offsetKey(partition)
    if (this.pending.has(key)) return true
    for (const offsets of this.transactional.values()) if (offsets.has(key)) return true
    return false
  }

  prepare(offsets: readonly PartitionOffset[]): void {
    for (const each of offsets) this.pending.set(offsetKey(each), each.committed)
  }

  /** The commit is in the log from `baseOffset` on. Commits may be answered in another order than they were written. */
  complete(offsets: readonly PartitionOffset[], baseOffset: number): void {
    for (const each of offsets) {
      const key = offsetKey(each)
      const pending = this.pending.get(key)
      // Nothing is pending when the topic was deleted meanwhile.
      if (pending === undefined) continue
      const known = this.committed.get(key)
      if (known === undefined || known.committed.baseOffset < baseOffset) {
        this.committed.set(key, { ...each, committed: { ...each.committed, baseOffset } })
      }
      if (pending === each.committed) this.pending.delete(key)
    }
  }

  fail(offsets: readonly PartitionOffset[]): void {
    for (const each of offsets) {
      const key = offsetKey(each)
      if (this.pending.get(key) === each.committed) this.pending.delete(key)
    }
  }

  /** Returns those that there were. */
  remove(partitions: readonly OffsetPartition[]): PartitionOffset[] {
    return partitions.flatMap((partition) => {
      const key = offsetKey(partition)
      this.pending.delete(key)
      for (const [producerId, offsets] of this.transactional) {
        offsets.delete(key)
        if (offsets.size === 0) this.transactional.delete(producerId)
      }
      const removed = this.committed.get(key)
      this.committed.delete(key)
      return removed === undefined ? [] : [removed]
    })
  }

  removeAll(): PartitionOffset[] {
    return this.remove(this.all())
  }

  /**
   * Removes and returns what has expired. `baseMs` says from when on the retention of an offset counts; topics in `kept`
   * are left alone.
   */
  removeExpired(
    nowMs: number,
    retentionMs: number,
    baseMs: (committed: CommittedOffset) => number,
    kept: ReadonlySet<string>,
  ): PartitionOffset[] {
    const expired = this.all().filter((each) => {
      if (kept.has(each.topic) || this.pending.has(offsetKey(each))) return false
      const { expireTimestampMs } = each.committed
      if (expireTimestampMs !== null) return nowMs >= expireTimestampMs
      return nowMs - baseMs(each.committed) >= retentionMs
    })
    for (const each of expired) this.committed.delete(offsetKey(each))
    return expired
  }
}
