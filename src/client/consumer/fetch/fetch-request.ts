import { ZERO_UUID } from '../../../base/uuid.ts'
import { type FetchResponse, fetch } from '../../../protocol/messages/01-fetch.ts'
import type { ClientCore } from '../../core.ts'
import type { Connection } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { ResolvedConsumerConfig } from '../config.ts'

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/** Topic ids replace names from this version on. */
const FETCH_BY_TOPIC_ID = 13
const READ_COMMITTED = 1

/** Asks for partitions from given offsets on, whole and without a fetch session; gives a look-up of the answers. */
export async function sendFetch(
  core: ClientCore,
  connection: Connection,
  config: ResolvedConsumerConfig,
  asked: readonly { readonly position: TopicPartition; readonly offset: number }[],
): Promise<{ errorCode: number; answers: (at: TopicPartition) => PartitionAnswer | undefined }> {
  const topicId = (topic: string) => core.metadata.topic(topic)?.topicId ?? ZERO_UUID
  const topics = new Map<string, object[]>()
  for (const { position, offset } of asked) {
    const { topic, partition } = position
    const entry = {
      partition,
      currentLeaderEpoch: core.metadata.partition(topic, partition)?.leaderEpoch ?? -1,
      fetchOffset: offset,
      partitionMaxBytes: config.maxPartitionFetchBytes,
    }
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [entry])
    else partitions.push(entry)
  }
  const nameOfId = new Map([...topics.keys()].map((topic) => [topicId(topic), topic]))
  const version = connection.versionOf(fetch, nameOfId.has(ZERO_UUID) ? FETCH_BY_TOPIC_ID - 1 : undefined)
  const response = await connection.send(
    fetch,
    {
      maxWaitMs: config.fetchMaxWaitMs,
      minBytes: config.fetchMinBytes,
      maxBytes: config.fetchMaxBytes,
      isolationLevel: config.isolationLevel === 'read_committed' ? READ_COMMITTED : 0,
      rackId: config.rack,
      topics: [...topics].map(([topic, partitions]) => ({ topic, topicId: topicId(topic), partitions })),
    },
    { version },
  )
  const answers = new Map<string, Map<number, PartitionAnswer>>()
  for (const { topic, topicId: id, partitions } of response.responses) {
    const name = version >= FETCH_BY_TOPIC_ID ? nameOfId.get(id) : topic
    if (name === undefined) continue
    const known = answers.get(name) ?? new Map<number, PartitionAnswer>()
    for (const answer of partitions) known.set(answer.partitionIndex, answer)
    answers.set(name, known)
  }
  return {
    errorCode: response.errorCode,
    answers: ({ topic, partition }) => answers.get(topic)?.get(partition),
  }
}
