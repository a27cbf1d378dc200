import { JavaException } from '../../../base/java-exception.ts'
import type { TopicPartition } from '../../../client/index.ts'
import type { ErrorName } from '../../../protocol/index.ts'
import { executionException, kafkaException } from '../java-errors.ts'
import { illegalArgument, javaSplit } from '../java-lang.ts'
import { csvLine } from './csv.ts'
import { requireConsumers } from './describe.ts'
import { partitionOrder, textOrder } from './hash-order.ts'
import { type NewOffset, newOffsets } from './scenarios.ts'
import { column, runtimeException, type Session } from './session.ts'

type Plan = ReadonlyMap<string, readonly NewOffset[]>

/** `--reset-offsets`: what would be changed, or was. */
export async function resetOffsets(session: Session): Promise<void> {
  const plan = await planOf(session)
  if (session.options.has('export')) exportPlan(session, plan)
  else printPlan(session, plan)
}

async function planOf(session: Session): Promise<Plan> {
  const { admin, options } = session
  const ids = await session.groupIds()
  const groups = new Map((await admin.describeConsumerGroups(ids)).map((group) => [group.name, group]))
  const plan = new Map<string, readonly NewOffset[]>()
  for (const id of textOrder(ids)) {
    const group = groups.get(id)
    if (group === undefined) continue
    await session.getWrapped(Promise.resolve([group]).then(requireConsumers))
    if (group.state !== 'Empty' && group.state !== 'Dead') {
      session.printError(
        `Assignments can only be reset if the group '${id}' is inactive, but the current state is ${group.state}.`,
      )
      plan.set(id, [])
      continue
    }
    const prepared = await newOffsets(session, id, await partitionsToReset(session, id))
    if (options.has('execute') && !options.has('dry-run')) await commit(session, id, prepared)
    plan.set(id, prepared)
  }
  return plan
}

async function commit(session: Session, groupId: string, offsets: readonly NewOffset[]): Promise<void> {
  if (offsets.length === 0) return
  const results = await session.getWrapped(session.admin.alterConsumerGroupOffsets(groupId, offsets))
  const failed = partitionOrder(results.filter(({ error }) => error !== null))
  const name: ErrorName | undefined = failed[0]?.error?.errorName
  if (name === undefined) return
  const partitions = failed.map((result) => result.name).join(', ')
  const text = `Failed altering consumer group offsets for the following partitions: [${partitions}]`
  throw runtimeException(executionException(kafkaException(name, text)))
}

/** The scope: what the group has committed, or what `--topic` names. */
async function partitionsToReset(session: Session, groupId: string): Promise<TopicPartition[]> {
  const { options } = session
  if (options.has('all-topics')) return committedPartitions(session, groupId)
  if (options.has('topic')) return topicPartitions(session, options.values('topic'))
  if (!options.has('from-file'))
    throw session.tool.usage('One of the reset scopes should be defined: --all-topics, --topic.')
  return []
}

async function committedPartitions(session: Session, groupId: string): Promise<TopicPartition[]> {
  const [group] = await session.getWrapped(session.admin.listConsumerGroupOffsets([groupId]))
  if (group?.error) await session.getWrapped(Promise.reject(group.error))
  return partitionOrder((group?.offsets ?? []).map(({ topic, partition }) => ({ topic, partition })))
}

async function topicPartitions(session: Session, words: readonly string[]): Promise<TopicPartition[]> {
  const named = words.filter((word) => word.includes(':')).flatMap(parseTopicPartitions)
  const topics = await session.describeTopics([...new Set(words.filter((word) => !word.includes(':')))])
  const whole: TopicPartition[] = []
  for (const [topic, info] of topics) {
    if (info instanceof JavaException) throw runtimeException(executionException(info))
    for (const { partition } of info.partitions) whole.push({ topic, partition })
  }
  const all = new Map([...named, ...whole].map((at) => [`${at.topic}:${at.partition}`, at]))
  return [...all.values()]
}

/** `orders:0,2` */
export function parseTopicPartitions(word: string): TopicPartition[] {
  const [topic, numbers, ...more] = javaSplit(word, /:/)
  if (topic === undefined || numbers === undefined || more.length > 0)
    throw illegalArgument(`Invalid topic arg '${word}', expected topic name and partitions`)
  return javaSplit(numbers, /,/).map((text) => {
    if (!/^[+-]?\d{1,10}$/.test(text) || Math.abs(Number(text)) > 0x7fffffff)
      throw illegalArgument(`Invalid partition '${text}' specified in topic arg '${word}''`)
    return { topic, partition: Number(text) }
  })
}

/** All rows are on one line in Kafka 3.9. */
function printPlan(session: Session, plan: Plan): void {
  const row = (group: string, topic: string, partition: string | number, offset: string | number) =>
    session.print(`${column(group, 30)} ${column(topic, 30)} ${column(partition, 10)} ${column(offset, 15)}`)
  if (plan.size === 0) return
  session.print('\n')
  row('GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET')
  for (const id of textOrder([...plan.keys()]))
    for (const { topic, partition, offset } of plan.get(id) ?? []) row(id, topic, partition, offset)
}

function exportPlan(session: Session, plan: Plan): void {
  const isSingle = session.options.values('group').length === 1
  for (const id of textOrder([...plan.keys()]))
    for (const { topic, partition, offset } of plan.get(id) ?? [])
      session.print(csvLine([...(isSingle ? [] : [id]), topic, partition, offset]))
  session.print('\n')
}
