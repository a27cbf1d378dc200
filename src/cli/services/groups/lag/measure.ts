import { messageOf } from '../../../../base/errors.ts'
import type { TopicPartition } from '../../../../client/index.ts'
import {
  byPartition,
  type CommitSample,
  currentLag,
  type GroupVerdict,
  type Judgement,
  judgeGroup,
  judgePartition,
  type PartitionVerdict,
  partitionName,
} from '../../../../lag/index.ts'
import type { CommandContext } from '../../../context.ts'
import type { Target } from '../../../target.ts'
import { type GroupSelection, type GroupView, type Member, viewGroups } from '../groups.ts'
import { logEnds } from '../log-ends.ts'
import { CommitLog } from './commit-log.ts'
import { FirstUnread } from './first-unread.ts'

export interface PartitionLag extends TopicPartition {
  /** Null: nothing is committed. */
  readonly offset: number | null
  readonly startOffset: number
  readonly endOffset: number
  readonly lag: number
  /** The age of the first record that is not read; null when it cannot be told. */
  readonly lagMs: number | null
  readonly member: Member | undefined
  readonly commits: readonly CommitSample[]
  readonly judgement: Judgement<PartitionVerdict>
}

export interface GroupLag {
  readonly group: GroupView
  readonly partitions: readonly PartitionLag[]
  readonly lag: number
  readonly lagMs: number | null
  readonly judgement: Judgement<GroupVerdict>
}

export interface MeasureOptions extends GroupSelection {
  /** Only these topics; all when empty. */
  readonly topics: readonly string[]
  /** How far back commits count for the verdict. */
  readonly windowMs: number
  /** So many commits of each partition over the whole window, for who looks at how it went. */
  readonly commitsKept?: number | undefined
}

/** Above this many places the ages of records are not looked up: each costs a fetch. */
const MAX_AGES = 5_000

/** Looks at how far groups are behind, as often as it is asked. */
export class LagMeter {
  private readonly context: CommandContext
  private readonly target: Target
  private readonly options: MeasureOptions
  private readonly commits: CommitLog
  private readonly unread: FirstUnread
  private commitsFailure: string | undefined
  private isClosed = false

  constructor(context: CommandContext, target: Target, options: MeasureOptions) {
    this.context = context
    this.target = target
    this.options = options
    const { names, regex, windowMs, commitsKept } = options
    const groupIds = names.length > 0 && !regex ? names : undefined
    this.commits = new CommitLog(context, target, { groupIds, windowMs, commitsKept })
    this.unread = new FirstUnread(context, target)
  }

  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all([this.commits.close(), this.unread.close()])
  }

  async measure(): Promise<GroupLag[]> {
    const { context, target, options } = this
    const [groups] = await Promise.all([viewGroups(context, target, options), this.readCommits()])
    const parts = groups.map((group) => ({ group, places: this.placesOf(group) }))
    const all = parts.flatMap(({ places }) => places)
    const [starts, ends] = await Promise.all([
      logEnds(context, all, 'earliest'),
      logEnds(context, all, 'latest'),
    ])
    const found = parts.map(({ group, places }) => ({
      group,
      places: places.flatMap((place) => {
        const endOffset = ends.get(partitionName(place))
        if (endOffset === undefined) return []
        return { ...place, endOffset, startOffset: starts.get(partitionName(place)) ?? 0 }
      }),
    }))
    const ages = await this.ages(found.flatMap(({ places }) => places))
    await this.fillEnds(found)
    return found.map(({ group, places }) => this.judged(group, places, ages))
  }

  private async readCommits(): Promise<void> {
    try {
      await this.commits.update()
    } catch (error) {
      // The lag itself can still be told.
      if (this.commitsFailure === undefined && !this.isClosed)
        this.context.out.warn(
          `no verdict by commits: __consumer_offsets cannot be read (${messageOf(error)})`,
        )
      this.commitsFailure = messageOf(error)
    }
  }

  private async fillEnds(
    found: readonly { group: GroupView; places: readonly MeasuredPlace[] }[],
  ): Promise<void> {
    if (this.commitsFailure !== undefined) return
    const wanted = found.flatMap(({ group, places }) =>
      places
        .filter((place) => this.options.commitsKept !== undefined || currentLag(place) > 0)
        .map(({ topic, partition, endOffset }) => ({
          topic,
          partition,
          end: endOffset,
          groupId: group.groupId,
        })),
    )
    await this.commits.fillEnds(wanted)
  }

  private async ages(places: readonly MeasuredPlace[]): Promise<(place: MeasuredPlace) => number | null> {
    const behind = places.filter((place) => currentLag(place) > 0)
    if (behind.length > MAX_AGES)
      this.context.out.warn(
        `seconds are left out: ${behind.length} places would have to be read. Name some groups.`,
      )
    const wanted = behind.length > MAX_AGES ? [] : behind.map(unreadPlace)
    const timestampOf = await this.unread.timestamps(wanted)
    const nowMs = this.context.clock.nowMs()
    return (place) => {
      if (currentLag(place) === 0) return 0
      const timestampMs = timestampOf(unreadPlace(place))
      return timestampMs === null ? null : Math.max(0, nowMs - timestampMs)
    }
  }

  private judged(
    group: GroupView,
    places: readonly MeasuredPlace[],
    ageOf: (place: MeasuredPlace) => number | null,
  ): GroupLag {
    const nowMs = this.context.clock.nowMs()
    const { windowMs } = this.options
    const partitions = places.map((place): PartitionLag => {
      const commits = this.commits.commits(group.groupId, place, nowMs)
      const lagMs = ageOf(place)
      const isAssigned = this.isAssigned(group, place)
      const progress = { ...place, commits, nowMs, windowMs, lagMs, isAssigned }
      const judgement =
        this.commitsFailure === undefined
          ? judgePartition(progress)
          : ({ verdict: 'OK', reason: 'the history of commits cannot be read' } as const)
      return { ...place, lag: currentLag(place), lagMs, commits, judgement }
    })
    return {
      group,
      partitions,
      ...totals(partitions),
      judgement: judgeGroup(
        partitions.map((each) => ({ name: partitionName(each), judgement: each.judgement })),
      ),
    }
  }

  /** While a group rebalances nobody has anything, and that passes. Of other protocols it is not known who has what. */
  private isAssigned({ state, members }: GroupView, { member }: MeasuredPlace): boolean {
    if (member !== undefined) return true
    if (members.length === 0) return state !== 'Empty' && state !== 'Dead'
    return state !== 'Stable' || members.some(({ partitions }) => partitions === null)
  }

  /** What was committed, and what members have. */
  private placesOf(group: GroupView): Place[] {
    const places = new Map<string, Place>()
    for (const { topic, partition, offset } of group.offsets)
      places.set(partitionName({ topic, partition }), { topic, partition, offset, member: undefined })
    for (const member of group.members)
      for (const at of member.partitions ?? []) {
        const { topic, partition } = at
        const offset = places.get(partitionName(at))?.offset ?? null
        places.set(partitionName(at), { topic, partition, offset, member })
      }
    const { topics } = this.options
    return [...places.values()]
      .filter(({ topic }) => topics.length === 0 || topics.includes(topic))
      .sort(byPartition)
  }
}

interface Place extends TopicPartition {
  readonly offset: number | null
  readonly member: Member | undefined
}

interface MeasuredPlace extends Place {
  readonly startOffset: number
  readonly endOffset: number
}

/** What was deleted before it was read cannot be read any more: the age is that of what is left. */
function unreadPlace({ topic, partition, offset, startOffset, endOffset }: MeasuredPlace) {
  return { topic, partition, offset: Math.max(offset ?? startOffset, startOffset), end: endOffset }
}

/** Records add up; of the ages the highest counts. */
export function totals(partitions: readonly PartitionLag[]): { lag: number; lagMs: number | null } {
  const ages = partitions.map(({ lagMs }) => lagMs).filter((age) => age !== null)
  return {
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    lagMs: ages.length === 0 && partitions.length > 0 ? null : Math.max(0, ...ages),
  }
}
