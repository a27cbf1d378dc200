import { ZERO_UUID } from '../../base/uuid.ts'
import type { Log } from '../../storage/index.ts'
import type { AskedPartition } from './client-session.ts'
import type { Partition } from './partition.ts'

const FIRST_BACKOFF_MS = 20

/** How far a follower is with one partition (kafka.server.PartitionFetchState). Valid for one leader epoch. */
export class FetcherPartition {
  readonly partition: Partition
  readonly log: Log
  readonly leaderEpoch: number
  readonly key: string
  fetchOffset: number
  /** -1: the leader is not asked to compare epochs. */
  lastFetchedEpoch: number
  /** Monotonic time before which it is not fetched. */
  delayedUntilMs = 0
  /** The leader's epoch is newer or older than ours: nothing to do before the controller tells. */
  isFenced = false
  removed = false
  /** Null before the leader has told. */
  leaderHighWatermark: number | null = null
  private failures = 0
  private readonly maxBytes: number
  private asked: AskedPartition | undefined

  constructor(partition: Partition, log: Log, maxBytes: number) {
    this.partition = partition
    this.log = log
    this.key = partition.key
    this.leaderEpoch = partition.leaderEpoch
    this.maxBytes = maxBytes
    this.fetchOffset = log.logEndOffset
    this.lastFetchedEpoch = this.isKnownToAgree ? -1 : log.latestEpoch
  }

  /**
   * What an in-sync replica has below the high watermark is committed, so the leader has it too: with nothing above it
   * there is nothing to compare, and the files of the log need not be read.
   */
  private get isKnownToAgree(): boolean {
    const { log } = this
    return this.partition.isInSync && !log.isOpen && log.highWatermark === log.logEndOffset
  }

  /** Records without epochs above the high watermark cannot be compared: they have to go first. */
  get mustTruncateFirst(): boolean {
    const { lastFetchedEpoch, log } = this
    return lastFetchedEpoch < 0 && log.logEndOffset > log.highWatermark && !this.isKnownToAgree
  }

  /** The same object as last time when nothing has changed. */
  ask(): AskedPartition {
    const { partition, log } = this
    // Whether the start was moved is not known without the files; the leader does without it meanwhile.
    const logStartOffset = log.isOpen ? log.logStartOffset : -1
    const before = this.asked
    if (
      before?.fetchOffset === this.fetchOffset &&
      before.lastFetchedEpoch === this.lastFetchedEpoch &&
      before.logStartOffset === logStartOffset
    ) {
      return before
    }
    this.asked = {
      topic: partition.topic,
      topicId: log.topicId ?? ZERO_UUID,
      partition: partition.partition,
      currentLeaderEpoch: this.leaderEpoch,
      fetchOffset: this.fetchOffset,
      lastFetchedEpoch: this.lastFetchedEpoch,
      logStartOffset,
      partitionMaxBytes: this.maxBytes,
    }
    return this.asked
  }

  /** Has what is committed: throttling it would only hold up producers. */
  get isCaughtUp(): boolean {
    return this.leaderHighWatermark !== null && this.fetchOffset >= this.leaderHighWatermark
  }

  /** Takes the position from the log, after it was cut or an append failed. */
  reposition(): void {
    this.fetchOffset = this.log.logEndOffset
    try {
      this.lastFetchedEpoch = this.log.latestEpoch
    } catch {
      // The log is not usable now; whatever uses it next says so.
      this.lastFetchedEpoch = -1
    }
  }

  succeeded(): void {
    this.failures = 0
  }

  /** Short at first: most troubles are a controller's request that is still on its way. */
  delay(nowMs: number, maxBackoffMs: number): void {
    const backoffMs = Math.min(maxBackoffMs, FIRST_BACKOFF_MS * 2 ** Math.min(this.failures, 16))
    this.failures++
    this.delayedUntilMs = nowMs + backoffMs
  }
}
