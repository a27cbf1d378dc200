import { errorInfo } from '../../protocol/index.ts'
import type { ProduceResponse } from '../../protocol/messages/00-produce.ts'
import type { ProducerBatch } from './batch.ts'
import type { ResolvedProducerConfig } from './config.ts'
import type { PartitionQueue } from './partition-queue.ts'

export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

/** One batch of each partition. */
export function requestBody(config: ResolvedProducerConfig, batches: readonly { batch: ProducerBatch }[]) {
  const byTopic = new Map<string, { index: number; records: Buffer }[]>()
  for (const { batch } of batches) {
    const data = { index: batch.partition, records: batch.close() }
    const partitions = byTopic.get(batch.topic)
    if (partitions === undefined) byTopic.set(batch.topic, [data])
    else partitions.push(data)
  }
  return {
    transactionalId: null,
    acks: config.acks,
    timeoutMs: config.requestTimeoutMs,
    topicData: [...byTopic].map(([name, partitionData]) => ({ name, partitionData })),
  }
}

/** Looks an answer up; most responses have but one. */
export function answersByPartition(
  response: ProduceResponse,
): (topic: string, partition: number) => PartitionAnswer | undefined {
  const topics = new Map<string, Map<number, PartitionAnswer>>()
  for (const { name, partitionResponses } of response.responses) {
    const known = topics.get(name) ?? new Map<number, PartitionAnswer>()
    for (const answer of partitionResponses) known.set(answer.index, answer)
    topics.set(name, known)
  }
  return (topic, partition) => topics.get(topic)?.get(partition)
}

export function describeAnswer(queue: PartitionQueue, answer: PartitionAnswer): string {
  const { name } = errorInfo(answer.errorCode)
  const reason = answer.errorMessage ?? answer.recordErrors[0]?.batchIndexErrorMessage
  return `${queue.topic}-${queue.partition} refused the records: ${name}${reason ? ` (${reason})` : ''}`
}
