import type { Admin, TopicInfo } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { plural, sizeText } from '../../output/text.ts'
import { replicationFactor } from './list.ts'

/** A list is for reading; more topics are counted. */
const MAX_SHOWN = 20

/** Shows what would be gone with the topics, and who works with them, and asks. */
export async function confirmDelete(context: CommandContext, names: readonly string[]): Promise<void> {
  if (context.terminal.canPrompt) {
    for (const line of await contents(context, names)) context.out.note(line)
  }
  await context.confirm(`Delete ${wordsFor(names)} with all records?`, '--yes')
}

function wordsFor(names: readonly string[]): string {
  return names.length > MAX_SHOWN ? `these ${names.length} topics` : names.join(', ')
}

/** What can be found out. Where brokers do not tell something to this user, the rest is shown without it. */
async function contents(context: CommandContext, names: readonly string[]): Promise<string[]> {
  const { admin } = await context.target()
  const topics = (await admin.describeTopics(names)).filter(({ errorCode }) => errorCode === 0)
  const [records, sizes, readers] = await Promise.all([
    recordCounts(admin, topics).catch(() => undefined),
    sizesOnDisk(admin).catch(() => undefined),
    readersOf(admin).catch(() => undefined),
  ])
  const lines = topics.slice(0, MAX_SHOWN).map((topic) => {
    const { name, partitions } = topic
    const groups = readers?.get(name) ?? []
    return [
      `${name}: ${plural(partitions.length, 'partition')} × ${plural(replicationFactor(topic), 'replica')}`,
      ...(records === undefined ? [] : [plural(records.get(name) ?? 0, 'record')]),
      ...(sizes === undefined ? [] : [`${sizeText(sizes.get(name) ?? 0)} on disk`]),
      ...groups.map((group) => `read by ${group}`),
    ].join(', ')
  })
  const rest = topics.length - lines.length
  return rest === 0 ? lines : [...lines, `… and ${rest} more`]
}

/** Offsets between the ends, of partitions that can be asked: of a compacted topic some of them are empty. */
async function recordCounts(admin: Admin, topics: readonly TopicInfo[]): Promise<Map<string, number>> {
  const partitions = topics.flatMap(({ name, partitions }) =>
    partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => ({ topic: name, partition })),
  )
  const [starts, ends] = await Promise.all([
    admin.listOffsets(partitions.map((at) => ({ ...at, spec: 'earliest' as const }))),
    admin.listOffsets(partitions.map((at) => ({ ...at, spec: 'latest' as const }))),
  ])
  const counts = new Map<string, number>()
  partitions.forEach(({ topic }, i) => {
    add(counts, topic, Math.max(0, (ends[i]?.offset ?? 0) - (starts[i]?.offset ?? 0)))
  })
  return counts
}

/** Of all replicas. */
async function sizesOnDisk(admin: Admin): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const { partitions } of await admin.describeLogDirs())
    for (const { topic, sizeBytes } of partitions) add(sizes, topic, sizeBytes)
  return sizes
}

/** Groups that have members, by the topics that these read. */
async function readersOf(admin: Admin): Promise<Map<string, string[]>> {
  const { groups } = await admin.listGroups()
  const busy = groups.filter(({ state }) => state !== 'Empty' && state !== 'Dead')
  const readers = new Map<string, string[]>()
  if (busy.length === 0) return readers
  const described = await admin.describeConsumerGroups(busy.map(({ groupId }) => groupId))
  for (const { name, members } of described) {
    const topics = new Set(members.flatMap((each) => each.partitions ?? []).map(({ topic }) => topic))
    for (const topic of topics)
      readers.set(topic, [...(readers.get(topic) ?? []), `${name} (${plural(members.length, 'member')})`])
  }
  return readers
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
