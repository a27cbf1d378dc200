import type { Clock } from '../../base/clock.ts'
import type { ErrorName } from '../../protocol/index.ts'
import type { Group } from './group.ts'
import type { GroupConfig } from './group-config.ts'
import type { CommittedOffset, OffsetPartition, PartitionOffset } from './group-offsets.ts'
import type { GroupStore } from './group-store.ts'
import type { Rebalancer } from './rebalance.ts'

export interface OffsetToCommit extends OffsetPartition {
  readonly offset: number
  /** -1 when the client does not know it. */
  readonly leaderEpoch: number
  readonly metadata: string | null
  /** -1: now. */
  readonly commitTimestampMs: number
}

export interface CommitRequest {
  readonly groupId: string
  /** Negative from who commits without being a member. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Of clients up to OffsetCommit v4; -1: the broker's. */
  readonly retentionMs: number
  readonly offsets: readonly OffsetToCommit[]
}

export interface OffsetOutcome extends OffsetPartition {
  readonly error: ErrorName
}

/** `committed` is null where there is no offset. */
export interface FetchedOffset extends OffsetOutcome {
  readonly committed: CommittedOffset | null
}

export interface CommittedOffsetsDeps {
  readonly clock: Clock
  readonly config: GroupConfig
  readonly store: GroupStore
  readonly rebalancer: Rebalancer
}

/** OffsetCommit, OffsetFetch and OffsetDelete (kafka.coordinator.group.GroupCoordinator). */
export class CommittedOffsets {
  private readonly deps: CommittedOffsetsDeps

  constructor(deps: CommittedOffsetsDeps) {
    this.deps = deps
  }

  /** What became of each offset, in their order. */
  async commit(request: CommitRequest): Promise<OffsetOutcome[]> {
    const { store, rebalancer } = this.deps
    const { groupId, generationId, memberId, offsets } = request
    const all = (error: ErrorName) => offsets.map(({ topic, partition }) => ({ topic, partition, error }))
    const refusal = await store.whyNot(groupId, { needsGroupId: false })
    if (refusal !== null) return all(refusal)
    let group = store.get(groupId)
    if (group === undefined) {
      if (generationId >= 0) return all('ILLEGAL_GENERATION')
      group = store.getOrCreate(groupId)
    }
    const invalid = checkCommit(group, request)
    if (invalid !== null) return all(invalid)
    // The members of this generation wait for their assignment: who commits now will see that it has to join again.
    if (group.is('CompletingRebalance')) return all('REBALANCE_IN_PROGRESS')
    if (!group.is('Empty')) rebalancer.touch(group, group.get(memberId))
    return this.store(group, request)
  }

  private async store(group: Group, request: CommitRequest): Promise<OffsetOutcome[]> {
    const { store, config, clock } = this.deps
    const { offsets, retentionMs } = request
    const nowMs = clock.nowMs()
    const isTooLarge = ({ metadata }: OffsetToCommit) => (metadata?.length ?? 0) > config.maxMetadataLength
    // A partition that is named twice gets what was said last.
    const valid = new Map<string, PartitionOffset>()
    for (const each of offsets) {
      if (isTooLarge(each)) continue
      const { topic, partition, offset, leaderEpoch, metadata, commitTimestampMs } = each
      const committed: CommittedOffset = {
        offset,
        leaderEpoch,
        metadata: metadata ?? '',
        commitTimestampMs: commitTimestampMs === -1 ? nowMs : commitTimestampMs,
        expireTimestampMs: retentionMs === -1 ? null : nowMs + retentionMs,
        baseOffset: -1,
      }
      valid.set(`${topic}-${partition}`, { topic, partition, committed })
    }
    const error = valid.size === 0 ? 'NONE' : await store.storeOffsets(group, [...valid.values()])
    return offsets.map((each) => ({
      topic: each.topic,
      partition: each.partition,
      error: isTooLarge(each) ? 'OFFSET_METADATA_TOO_LARGE' : error,
    }))
  }

  /**
   * Of these partitions, or null: of all that have an offset. `requireStable`: no answer for what a transaction may still
   * change (KIP-447).
   */
  async fetch(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
    requireStable: boolean,
  ): Promise<{ error: ErrorName; offsets: readonly FetchedOffset[] }> {
    const { store } = this.deps
    const refusal = await store.whyNot(groupId, { needsGroupId: false })
    if (refusal !== null) return { error: refusal, offsets: [] }
    const group = store.get(groupId)
    const known = group === undefined || group.is('Dead') ? undefined : group.offsets
    const offsets = (partitions ?? known?.all() ?? []).map(({ topic, partition }): FetchedOffset => {
      const where = { topic, partition }
      if (requireStable && known?.isUnstable(where) === true) {
        return { ...where, error: 'UNSTABLE_OFFSET_COMMIT', committed: null }
      }
      return { ...where, error: 'NONE', committed: known?.get(where) ?? null }
    })
    return { error: 'NONE', offsets }
  }

  /** `error` concerns the group; the outcomes are empty then. Refused partitions come first. */
  async delete(
    groupId: string,
    partitions: readonly OffsetPartition[],
  ): Promise<{ error: ErrorName; outcomes: readonly OffsetOutcome[] }> {
    const { store } = this.deps
    const refusal = await store.whyNot(groupId, { needsGroupId: true })
    if (refusal !== null) return { error: refusal, outcomes: [] }
    const group = store.get(groupId)
    if (group === undefined || group.is('Dead')) return { error: 'GROUP_ID_NOT_FOUND', outcomes: [] }
    const isConsumers = group.protocolType === 'consumer'
    if (!group.is('Empty') && !isConsumers) return { error: 'NON_EMPTY_GROUP', outcomes: [] }
    const isInUse = ({ topic }: OffsetPartition) => !group.is('Empty') && group.isSubscribedTo(topic)
    const used = partitions.filter(isInUse)
    const free = partitions.filter((each) => !isInUse(each))
    if (free.length > 0) await store.cleanUp([group], () => group.offsets.remove(free))
    const outcome = ({ topic, partition }: OffsetPartition, error: ErrorName) => ({ topic, partition, error })
    return {
      error: 'NONE',
      outcomes: [
        ...used.map((each) => outcome(each, 'GROUP_SUBSCRIBED_TO_TOPIC')),
        ...free.map((each) => outcome(each, 'NONE')),
      ],
    }
  }
}

function checkCommit(group: Group, request: CommitRequest): ErrorName | null {
  const { generationId, memberId, groupInstanceId } = request
  if (group.is('Dead')) return 'COORDINATOR_NOT_AVAILABLE'
  // An administrator, or a consumer that shares out the work by itself.
  if (generationId < 0 && group.is('Empty')) return null
  if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
    const refusal = group.checkMember(memberId, groupInstanceId)
    if (refusal !== null) return refusal
    return generationId === group.generationId ? null : 'ILLEGAL_GENERATION'
  }
  return 'UNKNOWN_MEMBER_ID'
}
