import { JavaException } from '../../../base/java-exception.ts'
import { BrokerError, type TopicPartition } from '../../../client/index.ts'
import type { ErrorName } from '../../../protocol/index.ts'
import { executionException } from '../java-errors.ts'
import { partitionOrder, textOrder } from './hash-order.ts'
import { parseTopicPartitions } from './reset.ts'
import { clientException, column, partitionName, type Session } from './session.ts'

/** `--delete` */
export async function deleteGroups(session: Session): Promise<void> {
  const print = (text: string) => session.print(text)
  const ids = await session.groupIds()
  const results = ids.length === 0 ? [] : await session.getWrapped(session.admin.deleteConsumerGroups(ids))
  const failures = new Map(results.map(({ name, error }) => [name, error]))
  const done = textOrder(results.filter(({ error }) => error === null).map(({ name }) => name))
  const failed = textOrder(results.filter(({ error }) => error !== null).map(({ name }) => name))
  if (failed.length === 0) {
    print(`Deletion of requested consumer groups ('${done.join(', ')}') was successful.\n`)
    return
  }
  session.printError('Deletion of some consumer groups failed:')
  for (const id of failed) {
    const reason = executionException(clientException(failures.get(id)))
    print(`* Group '${id}' could not be deleted due to: ${reason}\n`)
  }
  // The quotes are Kafka's.
  if (done.length > 0) print(`\nThese consumer groups were deleted successfully: '${done.join("'")}', '\n`)
}

const OF_PARTITIONS: readonly ErrorName[] = [
  'GROUP_SUBSCRIBED_TO_TOPIC',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNKNOWN_TOPIC_OR_PARTITION',
]

/** `--delete-offsets` */
export async function deleteOffsets(session: Session): Promise<void> {
  const { options } = session
  const print = (text: string) => session.print(text)
  const groupId = options.value('group') ?? ''
  const words = options.values('topic')
  const { partitions, results } = await scopeOf(session, words)
  const outcome = await remove(session, groupId, partitions)
  const errorOf = (at: TopicPartition) =>
    outcome instanceof BrokerError ? outcome : (outcome.get(partitionName(at)) ?? null)
  const first = partitions.map(errorOf).find((error) => error !== null)
  const top = outcome instanceof BrokerError ? outcome : first
  if (top === undefined || top === null)
    print(`Request succeed for deleting offsets with topic ${words.join(', ')} group ${groupId}\n`)
  else session.printError(reasonOf(top.errorName, groupId))
  for (const at of partitions) {
    const error = errorOf(at)
    results.set(partitionName(at), { ...at, error: error === null ? null : clientException(error) })
  }
  const row = (topic: string, partition: string | number, status: string) =>
    print(`${column(topic, 30)} ${column(partition, 15)} ${column(status, 15)}`)
  print('\n')
  row('TOPIC', 'PARTITION', 'STATUS')
  const key = ({ topic, partition }: TopicPartition) => `${topic}${partition}`
  for (const { topic, partition, error } of [...results.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1)))
    row(
      topic,
      partition >= 0 ? partition : 'Not Provided',
      error === null ? 'Successful' : `Error: :${error}`,
    )
}

interface PartitionOutcome extends TopicPartition {
  readonly error: JavaException | null
}

/** The partitions that are meant, and topics that there are not. */
async function scopeOf(session: Session, words: readonly string[]) {
  const results = new Map<string, PartitionOutcome>()
  const meant = new Map<string, TopicPartition>()
  const add = (at: TopicPartition) => meant.set(partitionName(at), at)
  for (const word of textOrder(words.filter((each) => each.includes(':'))))
    for (const at of parseTopicPartitions(word)) add(at)
  const topics = await session.describeTopics(textOrder(words.filter((each) => !each.includes(':'))))
  for (const [topic, info] of topics) {
    if (info instanceof JavaException) results.set(topic, { topic, partition: -1, error: info })
    else for (const { partition } of info.partitions) add({ topic, partition })
  }
  return { partitions: partitionOrder([...meant.values()]), results }
}

async function remove(
  session: Session,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<BrokerError | Map<string, BrokerError | null>> {
  try {
    const results = await session.admin.deleteConsumerGroupOffsets(groupId, partitions)
    return new Map(results.map(({ name, error }) => [name, error]))
  } catch (error) {
    if (error instanceof BrokerError) return error
    throw executionException(clientException(error))
  }
}

function reasonOf(name: ErrorName, groupId: string): string {
  if (OF_PARTITIONS.includes(name)) return 'Encounter some partition level error, see the follow-up details:'
  switch (name) {
    case 'INVALID_GROUP_ID':
      return `'${groupId}' is not valid.`
    case 'GROUP_ID_NOT_FOUND':
      return `'${groupId}' does not exist.`
    case 'GROUP_AUTHORIZATION_FAILED':
      return `Access to '${groupId}' is not authorized.`
    case 'NON_EMPTY_GROUP':
      return `Deleting offsets of a consumer group '${groupId}' is forbidden if the group is not empty.`
    default:
      return `Encounter some unknown error: ${name}`
  }
}
