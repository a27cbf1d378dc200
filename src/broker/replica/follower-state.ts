import { ApiError } from '../api-error.ts'

const UNKNOWN_OFFSET = -1
const NEVER = Number.NEGATIVE_INFINITY

/**
 * What a leader knows of one follower (kafka.cluster.Replica). Times are of the monotonic clock: neither a clock that is set
 * anew nor a machine that has slept throws anybody out of the ISR.
 */
export class FollowerState {
  readonly brokerId: number
  logStartOffset = UNKNOWN_OFFSET
  logEndOffset = UNKNOWN_OFFSET
  /** The leader's log end when the follower fetched last. */
  private lastFetchLeaderEndOffset = UNKNOWN_OFFSET
  private lastFetchTimeMs = NEVER
  lastCaughtUpTimeMs = NEVER
  brokerEpoch = -1

  constructor(brokerId: number) {
    this.brokerId = brokerId
  }

  get hasFetched(): boolean {
    return this.logEndOffset !== UNKNOWN_OFFSET
  }

  /**
   * A follower that reached the leader's end as it was at the time of the fetch before this one was caught up then.
   * Throws NOT_LEADER_OR_FOLLOWER for a fetch from before the follower's restart.
   */
  fetched(
    fetchOffset: number,
    followerStartOffset: number,
    nowMs: number,
    leaderEndOffset: number,
    brokerEpoch: number,
  ): void {
    if (brokerEpoch !== -1 && this.brokerEpoch > brokerEpoch) {
      throw new ApiError(
        'NOT_LEADER_OR_FOLLOWER',
        `Received stale fetch state update. broker epoch=${brokerEpoch} vs expected=${this.brokerEpoch}`,
      )
    }
    if (fetchOffset >= leaderEndOffset) {
      this.lastCaughtUpTimeMs = Math.max(this.lastCaughtUpTimeMs, nowMs)
    } else if (fetchOffset >= this.lastFetchLeaderEndOffset) {
      this.lastCaughtUpTimeMs = Math.max(this.lastCaughtUpTimeMs, this.lastFetchTimeMs)
    }
    this.logStartOffset = followerStartOffset
    this.logEndOffset = fetchOffset
    this.lastFetchLeaderEndOffset = Math.max(leaderEndOffset, this.lastFetchLeaderEndOffset)
    this.lastFetchTimeMs = nowMs
    if (brokerEpoch !== -1) this.brokerEpoch = brokerEpoch
  }

  /** A new leader epoch: an in-sync follower has the full lag time from now on to prove that it still is. */
  reset(nowMs: number, leaderEndOffset: number, isNewLeader: boolean, isInSync: boolean): void {
    this.lastCaughtUpTimeMs = isInSync ? nowMs : NEVER
    if (isNewLeader) {
      this.logStartOffset = UNKNOWN_OFFSET
      this.logEndOffset = UNKNOWN_OFFSET
      this.lastFetchLeaderEndOffset = UNKNOWN_OFFSET
      this.lastFetchTimeMs = NEVER
      this.brokerEpoch = -1
    } else {
      this.lastFetchLeaderEndOffset = leaderEndOffset
      this.lastFetchTimeMs = isInSync ? nowMs : NEVER
    }
  }

  isCaughtUp(leaderEndOffset: number, nowMs: number, maxLagMs: number): boolean {
    return this.logEndOffset === leaderEndOffset || nowMs - this.lastCaughtUpTimeMs <= maxLagMs
  }
}
