import { CodecError, Reader } from '../../../protocol/index.ts'
import { stickyAssignorUserData } from '../../../protocol/internal/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { MemberSubscription } from './assignor.ts'
import { inHashOrder } from './java-order.ts'

/** What a member had before, and as of when. */
export interface PriorShare {
  readonly partitions: readonly TopicPartition[]
  /** Undefined: it does not say. */
  readonly generationId: number | undefined
}

export const NO_GENERATION_ID = -1

export function encodeStickyUserData(partitions: readonly TopicPartition[], generation: number): Buffer {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const numbers = topics.get(topic)
    if (numbers === undefined) topics.set(topic, [partition])
    else numbers.push(partition)
  }
  const previousAssignment = inHashOrder(topics.keys()).map((topic) => ({
    topic,
    partitions: topics.get(topic) ?? [],
  }))
  return stickyAssignorUserData.encodeBuffer(1, { previousAssignment, generation })
}

/** Eager members have given everything up by the time they join, so what they had stands in their user data. */
export function readStickyShare(subscription: MemberSubscription): PriorShare {
  const { userData } = subscription
  if (userData === null || userData.length === 0) return { partitions: [], generationId: undefined }
  return (
    readUserData(userData, 1) ??
    readUserData(userData, 0) ?? { partitions: [], generationId: NO_GENERATION_ID }
  )
}

function readUserData(bytes: Buffer, version: 0 | 1): PriorShare | undefined {
  try {
    const value = stickyAssignorUserData.decode(new Reader(bytes), version)
    const partitions = value.previousAssignment.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    return { partitions, generationId: version === 1 ? value.generation : undefined }
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

export function encodeCooperativeUserData(generationId: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(generationId)
  return bytes
}

/** Cooperative members keep what they have. Before version 2 of the subscription the generation was in the user data. */
export function readCooperativeShare(subscription: MemberSubscription): PriorShare {
  const { ownedPartitions: partitions, generationId, userData } = subscription
  if (generationId >= 0) return { partitions, generationId }
  if (userData === null) return { partitions, generationId: undefined }
  return { partitions, generationId: userData.length >= 4 ? userData.readInt32BE() : NO_GENERATION_ID }
}
