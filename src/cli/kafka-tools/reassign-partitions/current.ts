/** Where partitions are, as kafka-reassign-partitions asks for it. */
import type { JavaException } from '../../../base/java-exception.ts'
import { javaHash } from '../../../base/java-hash.ts'
import type { Admin, TopicInfo } from '../../../client/index.ts'
import { errorInfo } from '../../../protocol/index.ts'
import { executionException, kafkaException } from '../java-errors.ts'
import { javaHashOrder, partitionHash } from '../java-hash-order.ts'
import type { Tool } from '../tool.ts'
import { type AssignedPartition, partitionText } from './assignment-json.ts'

/** All partitions of these topics. Throws when there is no such topic. */
export async function assignmentOfTopics(
  tool: Tool,
  admin: Admin,
  topics: readonly string[],
): Promise<AssignedPartition[]> {
  const names = javaHashOrder([...new Set(topics)], javaHash)
  const described = await tool.call('describeTopics', admin.describeTopics(names))
  return described.flatMap((topic) => {
    requireTopic(topic)
    return topic.partitions.map(({ partition, replicas }) => ({ topic: topic.name, partition, replicas }))
  })
}

/** These partitions. Throws when one of them does not exist. */
export async function assignmentOfPartitions(
  tool: Tool,
  admin: Admin,
  wanted: readonly AssignedPartition[],
): Promise<AssignedPartition[]> {
  const names = new Set(wanted.map(partitionText))
  const all = await assignmentOfTopics(
    tool,
    admin,
    wanted.map(({ topic }) => topic),
  )
  const found = all.filter((each) => names.has(partitionText(each)))
  const known = new Set(found.map(partitionText))
  const missing = javaHashOrder(
    wanted.filter((each) => !known.has(partitionText(each))),
    partitionHash,
  )
  if (missing.length === 0) return found
  const text = `Unable to find partition: ${missing.map(partitionText).join(', ')}`
  throw executionException(kafkaException('UNKNOWN_TOPIC_OR_PARTITION', text))
}

/** What the description of a topic failed with; undefined when it did not. */
export function topicError(topic: TopicInfo): JavaException | undefined {
  if (topic.errorCode === 0) return undefined
  return kafkaException(errorInfo(topic.errorCode).name)
}

function requireTopic(topic: TopicInfo): void {
  const error = topicError(topic)
  if (error === undefined) return
  if (!error.className.endsWith('.UnknownTopicOrPartitionException')) throw executionException(error)
  throw executionException(kafkaException('UNKNOWN_TOPIC_OR_PARTITION', `Topic ${topic.name} not found.`))
}
