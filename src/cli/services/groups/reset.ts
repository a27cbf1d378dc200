import { sleep } from '../../../base/clock.ts'
import { KcliError } from '../../../base/errors.ts'
import type { TopicPartition } from '../../../client/index.ts'
import { byPartition, partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import type { Target } from '../../target.ts'
import { ledPartitions } from '../led-partitions.ts'
import { type GroupView, partitionsText, viewGroups } from './groups.ts'
import { writeOffsetsFile } from './offsets-file.ts'
import { offsetsAt, type ResetTo, rangesOf } from './reset-target.ts'
import { isInScope, partitionsOf, type TopicScope } from './scope.ts'

export interface ResetOffsetsOptions {
  readonly names: readonly string[]
  /** Which partitions; with none of them, `allTopics` or the file says. */
  readonly scopes: readonly TopicScope[]
  readonly allTopics: boolean
  readonly to: ResetTo
  readonly execute: boolean
  /** Until nobody is in the groups, for as long as `--timeout` says. */
  readonly waitEmpty: boolean
  /** Where the way back is written; a name of its own when undefined. */
  readonly undoFile: string | undefined
}

const WAIT_MS = 500

interface Change extends TopicPartition {
  readonly group: string
  /** Null: nothing is committed, or is to be. */
  readonly current: number | null
  readonly next: number | null
  status: 'planned' | 'unchanged' | 'reset' | 'failed'
  error?: string
}

/** Sets offsets of groups that nobody is in. Shows what it would do, and does it only when told to. */
export async function resetOffsets(context: CommandContext, options: ResetOffsetsOptions): Promise<number> {
  const names = groupsOf(options)
  const target = await context.target()
  const { groups, busy } = await look(context, target, names, options.waitEmpty)
  if (options.execute && busy.length > 0) throw busyGroups(busy)
  for (const group of busy) context.out.warn(busyGroups([group]).message)
  const changes: Change[] = []
  for (const group of groups) changes.push(...(await plan(context, target, group, options)))
  if (!options.execute) {
    await show(context, changes)
    const isOpen = changes.some(({ status }) => status === 'planned')
    context.out.note(
      isOpen ? 'Nothing was changed. Add --execute to do it.' : 'Everything is where it is to be.',
    )
    return EXIT.done
  }
  const moving = changes.filter(({ status }) => status === 'planned')
  if (moving.length > 0) {
    const file = options.undoFile ?? undoName(names[0] ?? '', context.clock.nowMs())
    writeOffsetsFile(
      file,
      moving.map((change) => ({ ...change, offset: change.current })),
    )
    for (const group of groups)
      await carryOut(
        target,
        moving.filter((change) => change.group === group.groupId),
      )
    context.out.note(`The way back: kcli groups reset-offsets --from-file ${file} --execute`)
  }
  await show(context, changes)
  for (const { group, error, ...at } of changes)
    if (error !== undefined) context.out.note(`kcli: group '${group}', ${partitionName(at)}: ${error}`)
  return changes.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done
}

/** The groups as they are, and those that somebody is in. */
async function look(
  context: CommandContext,
  target: Target,
  names: readonly string[],
  waitEmpty: boolean,
): Promise<{ groups: GroupView[]; busy: GroupView[] }> {
  const { clock, flags, signal } = context
  const deadlineMs = clock.monotonicMs() + (flags.timeout ?? Number.POSITIVE_INFINITY)
  for (;;) {
    const views = await viewGroups(context, target, { names, regex: false }, { allowMissing: true })
    const groups = names.map((name) => views.find(({ groupId }) => groupId === name) ?? newGroup(name))
    const busy = groups.filter(({ state }) => state !== 'Empty' && state !== 'Dead')
    if (busy.length === 0 || !waitEmpty || signal.aborted) return { groups, busy }
    if (clock.monotonicMs() >= deadlineMs)
      throw new KcliError('KCLI_GROUP_TIMEOUT', `after ${flags.timeout} ms ${busyGroups(busy).message}`, {
        hint: 'Give --wait-empty more time with --timeout MS.',
      })
    await sleep(clock, WAIT_MS)
  }
}

function groupsOf({ names, to }: ResetOffsetsOptions): string[] {
  const inFile = to.kind === 'file' ? [...new Set(to.offsets.flatMap(({ group }) => group ?? []))] : []
  const chosen = names.length > 0 ? [...new Set(names)] : inFile
  if (chosen.length === 0) throw new UsageError('no group given', 'Name it as an argument or with --group.')
  return chosen
}

/** Offsets can be set for a group that nobody has heard of; it comes to be by that. */
function newGroup(groupId: string): GroupView {
  const empty = { protocolType: '', type: 'classic', protocol: '', coordinator: null }
  return { groupId, state: 'Dead', ...empty, members: [], offsets: [] }
}

/** Says who is in the way. */
export function busyGroups(groups: readonly GroupView[]): KcliError {
  const text = groups.map(({ groupId, members, state }) => {
    const who = members.map(({ clientId, groupInstanceId, host, partitions }) => {
      const name = groupInstanceId === null ? clientId : `${clientId} (${groupInstanceId})`
      const what =
        partitions === null || partitions.length === 0 ? '' : ` reads ${partitionsText(partitions)}`
      return `${name} at ${host.replace(/^\//, '')}${what}`
    })
    return members.length === 0
      ? `group '${groupId}' is ${state}`
      : `group '${groupId}' is at work: ${who.join('; ')}`
  })
  return new KcliError('KCLI_GROUP_NOT_EMPTY', text.join('. '), {
    hint: 'Stop its consumers first. Those that died are gone after their session timeout.',
  })
}

async function plan(
  context: CommandContext,
  target: Target,
  group: GroupView,
  options: ResetOffsetsOptions,
): Promise<Change[]> {
  const current = new Map(group.offsets.map((at) => [partitionName(at), at.offset]))
  const wanted = await wantedOffsets(context, target, group, options)
  const ranges = await rangesOf(target, await ledPartitions(context, wanted))
  return wanted.map(({ topic, partition, offset }) => {
    const name = partitionName({ topic, partition })
    const range = ranges.get(name)
    const next =
      offset === null || range === undefined ? offset : Math.min(Math.max(offset, range.start), range.end)
    if (next !== offset)
      context.out.warn(`${name} goes from ${range?.start} to ${range?.end}: ${offset} becomes ${next}`)
    const before = current.get(name) ?? null
    const status = before === next ? 'unchanged' : 'planned'
    return { group: group.groupId, topic, partition, current: before, next, status }
  })
}

type Wanted = TopicPartition & { readonly offset: number | null }

async function wantedOffsets(
  context: CommandContext,
  target: Target,
  group: GroupView,
  options: ResetOffsetsOptions,
): Promise<Wanted[]> {
  const { to, scopes } = options
  if (to.kind === 'file')
    return to.offsets
      .filter((each) => (each.group === undefined || each.group === group.groupId) && isInScope(each, scopes))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
      .sort(byPartition)
  if (to.kind === 'group') {
    const [other] = await viewGroups(context, target, { names: [to.groupId], regex: false })
    return (other?.offsets ?? [])
      .filter((at) => isInScope(at, scopes))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  }
  const committed = new Map(group.offsets.map((at) => [partitionName(at), at]))
  const partitions = await scopeOf(context, target, group, options)
  if (to.kind === 'shift')
    return partitions.map(({ topic, partition }) => {
      const at = committed.get(partitionName({ topic, partition }))
      if (at !== undefined) return { topic, partition, offset: at.offset + to.by }
      throw new KcliError(
        'KCLI_NO_OFFSET',
        `group '${group.groupId}' has no offset of ${partitionName({ topic, partition })} to shift`,
        { hint: 'Take --to earliest or --to latest for it.' },
      )
    })
  const ranges = await rangesOf(target, partitions)
  const point = to.kind === 'point' ? to.point : ({ kind: 'end', minus: 0 } as const)
  const offsetOf = await offsetsAt(target, partitions, point, ranges)
  return partitions.map(({ topic, partition }) => {
    const at = to.kind === 'current' ? committed.get(partitionName({ topic, partition })) : undefined
    return { topic, partition, offset: at?.offset ?? offsetOf({ topic, partition }) }
  })
}

async function scopeOf(
  context: CommandContext,
  target: Target,
  group: GroupView,
  { scopes, allTopics }: ResetOffsetsOptions,
): Promise<TopicPartition[]> {
  if (allTopics) return ledPartitions(context, group.offsets)
  if (scopes.length > 0) return partitionsOf(target, scopes)
  throw new UsageError('it is not said for what', 'Give --topic TOPIC, --topic TOPIC:0,1 or --all-topics.')
}

async function carryOut({ admin }: Target, changes: readonly Change[]): Promise<void> {
  const groupId = changes[0]?.group
  if (groupId === undefined) return
  const set = changes.flatMap(({ topic, partition, next }) =>
    next === null ? [] : { topic, partition, offset: next },
  )
  const gone = changes.filter(({ next }) => next === null)
  const results = [
    ...(set.length > 0 ? await admin.alterConsumerGroupOffsets(groupId, set) : []),
    ...(gone.length > 0 ? await admin.deleteConsumerGroupOffsets(groupId, gone) : []),
  ]
  const errors = new Map(results.map(({ name, error }) => [name, error]))
  for (const change of changes) {
    const error = errors.get(partitionName(change)) ?? null
    change.status = error === null ? 'reset' : 'failed'
    if (error !== null) change.error = error.message
  }
}

/** `undo-billing-20240214T100000.csv`, in the folder where the command runs. */
function undoName(groupId: string, nowMs: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:]/g, '')
  return `undo-${groupId.replace(/[^\w.-]/g, '_').slice(0, 100)}-${time}.csv`
}

async function show(context: CommandContext, changes: readonly Change[]): Promise<void> {
  await context.out.view({
    rows: changes,
    columns: [
      { header: 'GROUP', value: ({ group }) => group },
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ partition }) => partition },
      { header: 'CURRENT', value: ({ current }) => current ?? '' },
      { header: 'NEW', value: ({ next }) => next ?? '' },
      { header: 'CHANGE', value: difference },
      { header: 'STATUS', value: ({ status }) => status },
    ],
    data: ({ group, topic, partition, current, next, status, error }) => ({
      group,
      topic,
      partition,
      current,
      new: next,
      change: current === null || next === null ? null : next - current,
      status,
      ...(error !== undefined && { error }),
    }),
    name: (change) => `${change.group}:${partitionName(change)}`,
    empty: 'There is nothing to change.',
  })
}

function difference({ current, next }: Change): string {
  if (current === null || next === null) return ''
  return next > current ? `+${next - current}` : String(next - current)
}
