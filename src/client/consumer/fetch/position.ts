import type { OffsetSpec, TopicPartition } from '../../offsets.ts'
import type { FetchedPartition } from './fetched.ts'

/** A place that has to be looked up: an offset that may not exist, an end or a time, or what the group has committed. */
export type WantedPosition = number | OffsetSpec | 'committed'

/** Where the reading of one partition stands. */
export interface Position extends TopicPartition {
  /** The next record to be given out. Of no meaning while `wanted` is set. */
  offset: number
  /** Of the record before it, -1 when it is not known. Tells whether the log is still the one that was read (KIP-320). */
  offsetEpoch: number
  /** The leader epoch for which the position was found good. */
  validEpoch: number
  /** Where it has to be set to first: this takes a look at the cluster. */
  wanted: WantedPosition | undefined
  /** As of the last fetch. */
  highWatermark: number | undefined
  /** Up to where records can be read: the high watermark, or with read_committed the last stable offset. */
  readableEnd: number
  /** As of the last fetch; undefined when the broker does not say. */
  logStartOffset: number | undefined
  paused: boolean
  /** Set while a fetch for the partition is under way, or it has to wait after an error. */
  busy: boolean
  /** Refusals in a row. */
  failures: number
  /** What was fetched and has not been taken, in order: two parts at most. */
  readonly inHand: FetchedPartition[]
  /** Raised by every seek: an answer to a fetch from before it is thrown away. */
  generation: number
  /** What stands in the way of reading on; told by the next poll that has no records. */
  failure: Error | undefined
  /** The follower that the leader told us to read from (KIP-392), and until when. -1: the leader. */
  readReplica: number
  readReplicaUntilMs: number
}

export function newPosition(at: TopicPartition, wanted: WantedPosition): Position {
  return {
    topic: at.topic,
    partition: at.partition,
    offset: -1,
    offsetEpoch: -1,
    validEpoch: -1,
    wanted,
    highWatermark: undefined,
    readableEnd: Number.POSITIVE_INFINITY,
    logStartOffset: undefined,
    paused: false,
    busy: false,
    failures: 0,
    inHand: [],
    generation: 0,
    failure: undefined,
    readReplica: -1,
    readReplicaUntilMs: 0,
  }
}

export function nameOf(at: TopicPartition): string {
  return `${at.topic}-${at.partition}`
}
