import {
  CodecError,
  decodeVersioned,
  encodeVersioned,
  type Fields,
  type Infer,
  type MessageType,
  Reader,
} from '../../../protocol/index.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../../../protocol/internal/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { MemberAssignment, MemberSubscription } from '../assignors/assignor.ts'
import { comparePartitions } from '../partitions.ts'
import { groupError } from './errors.ts'

/** What consumers of a group tell each other through the broker (org.apache.kafka.clients.consumer.internals.ConsumerProtocol). */
export const PROTOCOL_TYPE = 'consumer'

const VERSION = 3

export function encodeSubscription(subscription: Omit<MemberSubscription, 'groupInstanceId'>): Buffer {
  const { topics, userData, ownedPartitions, generationId, rackId } = subscription
  return encodeVersioned(consumerProtocolSubscription, VERSION, {
    topics: [...topics].sort(),
    userData,
    ownedPartitions: byTopic([...ownedPartitions].sort(comparePartitions)),
    generationId,
    rackId,
  })
}

export function decodeSubscription(bytes: Buffer, groupInstanceId: string | null): MemberSubscription {
  const value = decode(consumerProtocolSubscription, bytes, 'subscription')
  return {
    topics: value.topics,
    userData: value.userData,
    ownedPartitions: flat(value.ownedPartitions),
    generationId: value.generationId,
    rackId: value.rackId === '' ? null : value.rackId,
    groupInstanceId,
  }
}

export function encodeAssignment({ partitions, userData }: MemberAssignment): Buffer {
  return encodeVersioned(consumerProtocolAssignment, VERSION, {
    assignedPartitions: byTopic(partitions),
    userData,
  })
}

export function decodeAssignment(bytes: Buffer): MemberAssignment {
  const { assignedPartitions, userData } = decode(consumerProtocolAssignment, bytes, 'assignment')
  return { partitions: flat(assignedPartitions), userData }
}

/** A version that is newer than ours begins like ours, and is read as ours. */
function decode<F extends Fields>(type: MessageType<F>, bytes: Buffer, what: string): Infer<F> {
  try {
    const reader = new Reader(bytes)
    const version = reader.int16()
    if (version <= VERSION) return decodeVersioned(type, bytes).value
    return type.decode(reader, VERSION)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw groupError(`an ${what} of a member of the group cannot be read: ${error.message}`)
  }
}

/** Topics in the order in which they come first. */
function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const numbers = topics.get(topic)
    if (numbers === undefined) topics.set(topic, [partition])
    else numbers.push(partition)
  }
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }))
}

function flat(topics: readonly { topic: string; partitions: readonly number[] }[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
