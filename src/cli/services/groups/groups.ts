import { KcliError } from '../../../base/errors.ts'
import type { BrokerNode, GroupDescription, GroupOffset, TopicPartition } from '../../../client/index.ts'
import { byPartition, type PastGroup } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import type { Target } from '../../target.ts'
import { pastGroups } from './group-log.ts'

export interface GroupSummary {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  /** '' when the broker does not say. */
  readonly type: string
}

export interface Member {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly host: string
  /** Of consumers; null when it is not known. */
  readonly topics: readonly string[] | null
  readonly partitions: readonly TopicPartition[] | null
}

export interface Offset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** A group with all that can be seen of it. */
export interface GroupView extends GroupSummary {
  /** The assignor; '' when nobody is in the group. */
  readonly protocol: string
  /** Null when files are read. */
  readonly coordinator: BrokerNode | null
  readonly members: readonly Member[]
  readonly offsets: readonly Offset[]
}

export interface GroupSelection {
  /** All groups when empty. */
  readonly names: readonly string[]
  /** Take the names as regular expressions that must match the whole name. */
  readonly regex: boolean
}

export const groupsHint = 'See what there is with: kcli groups list'

/** All groups, by name; brokers that do not answer are warned of, and make the list incomplete. */
export async function listAll(
  context: CommandContext,
  target: Target,
): Promise<{ groups: GroupSummary[]; isComplete: boolean }> {
  if (target.offline !== undefined) {
    const groups = (await pastGroups(context, target, {})).map((group) => fromLog(group))
    return { groups, isComplete: true }
  }
  const { groups, failures } = await target.admin.listGroups()
  for (const { broker, error } of failures)
    context.out.warn(`the groups of broker ${broker} are missing: ${error.message}`)
  const sorted = [...groups].sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
  return { groups: sorted, isComplete: failures.length === 0 }
}

/** The ids of the groups that are meant. A name that does not exist is found out when it is looked at. */
export async function selectGroupIds(
  context: CommandContext,
  target: Target,
  { names, regex }: GroupSelection,
): Promise<string[]> {
  if (names.length > 0 && !regex) return [...new Set(names)]
  const patterns = names.map(compile)
  const { groups } = await listAll(context, target)
  return groups
    .map(({ groupId }) => groupId)
    .filter((id) => patterns.length === 0 || patterns.some((pattern) => pattern.test(id)))
}

export function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch {
    throw new UsageError(`'${pattern}' is no regular expression`)
  }
}

export interface ViewOptions {
  /** As they were then; as they are when undefined. */
  readonly atMs?: number | undefined
  /** A group that does not exist is an error by default; else it is left out. */
  readonly allowMissing?: boolean
}

/** The groups that are meant, with members and offsets, by name. */
export async function viewGroups(
  context: CommandContext,
  target: Target,
  selection: GroupSelection,
  options: ViewOptions = {},
): Promise<GroupView[]> {
  const isNamed = selection.names.length > 0 && !selection.regex
  const views =
    target.offline !== undefined || options.atMs !== undefined
      ? await viewsFromLog(context, target, selection, options.atMs)
      : await viewsFromBrokers(target, await selectGroupIds(context, target, selection))
  if (isNamed && options.allowMissing !== true) {
    const missing = selection.names.find((name) => !views.some(({ groupId }) => groupId === name))
    if (missing !== undefined) throw noGroup(missing, options.atMs)
  }
  return views.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

export function noGroup(groupId: string, atMs?: number): KcliError {
  if (atMs === undefined)
    return new KcliError('KCLI_UNKNOWN_GROUP', `there is no group '${groupId}'`, { hint: groupsHint })
  const time = new Date(atMs).toISOString()
  return new KcliError('KCLI_UNKNOWN_GROUP', `nothing is known of group '${groupId}' at ${time}`, {
    hint: 'What came later may have replaced it: __consumer_offsets is compacted.',
  })
}

async function viewsFromBrokers({ admin }: Target, groupIds: readonly string[]): Promise<GroupView[]> {
  if (groupIds.length === 0) return []
  const [descriptions, offsets] = await Promise.all([
    admin.describeConsumerGroups(groupIds),
    admin.listConsumerGroupOffsets(groupIds),
  ])
  const offsetsOf = new Map(offsets.map((group) => [group.name, group]))
  return descriptions.flatMap((group) => {
    if (group.error?.errorName === 'GROUP_ID_NOT_FOUND') return []
    const committed = offsetsOf.get(group.name)
    const failure = group.error ?? committed?.error
    if (failure)
      throw new KcliError('KCLI_GROUP', `group '${group.name}': ${failure.message}`, { cause: failure })
    return group.state === 'Dead' ? [] : fromBroker(group, committed?.offsets ?? [])
  })
}

function fromBroker(group: GroupDescription, offsets: readonly GroupOffset[]): GroupView {
  return {
    groupId: group.name,
    state: group.state,
    protocolType: group.protocolType,
    type: group.type,
    protocol: group.protocol,
    coordinator: group.coordinator,
    members: group.members,
    offsets: [...offsets].sort(byPartition),
  }
}

async function viewsFromLog(
  context: CommandContext,
  target: Target,
  { names, regex }: GroupSelection,
  untilMs: number | undefined,
): Promise<GroupView[]> {
  const groupIds = names.length > 0 && !regex ? names : undefined
  const patterns = names.map(compile)
  const groups = await pastGroups(context, target, { groupIds, untilMs })
  return groups
    .filter(
      ({ groupId }) =>
        groupIds !== undefined || patterns.length === 0 || patterns.some((p) => p.test(groupId)),
    )
    .map(fromLog)
}

/** Nothing but whole generations is written down, so of a rebalance that is under way nothing is seen. */
function fromLog({ groupId, generation, offsets }: PastGroup): GroupView {
  return {
    groupId,
    state: generation !== null && generation.members.length > 0 ? 'Stable' : 'Empty',
    protocolType: generation?.protocolType ?? '',
    type: 'classic',
    protocol: generation?.protocol ?? '',
    coordinator: null,
    members: generation?.members ?? [],
    offsets,
  }
}

/** `orders:0,1 x:3` */
export function partitionsText(partitions: readonly TopicPartition[]): string {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of [...partitions].sort(byPartition))
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  return [...byTopic].map(([topic, numbers]) => `${topic}:${numbers.join(',')}`).join(' ')
}
