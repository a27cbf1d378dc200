import { ERROR_CODES } from '../../src/protocol/index.ts'
import type { ProduceRequest } from '../../src/protocol/messages/00-produce.ts'
import type { FetchRequest } from '../../src/protocol/messages/01-fetch.ts'
import type { ListOffsetsRequest } from '../../src/protocol/messages/02-list-offsets.ts'
import type { OffsetForLeaderEpochRequest } from '../../src/protocol/messages/23-offset-for-leader-epoch.ts'
import type { Call, FakeCluster } from './fake-broker.ts'
import type { FakeLog } from './fake-log.ts'
import type { WantedOfFake } from './fake-sessions.ts'

type Failure = { readonly errorCode: number; readonly logStartOffset?: number } | undefined

export function answerMetadata(cluster: FakeCluster, call: Call, failure: Failure): object {
  const asked: string[] | null = call.body.topics?.map((topic: { name: string }) => topic.name) ?? null
  const up = cluster.brokerIds.filter((id) => !cluster.down.has(id))
  return {
    clusterId: 'fake',
    controllerId: cluster.controller,
    brokers: up.map((nodeId) => ({ nodeId, host: `broker-${nodeId}`, port: 9092, rack: null })),
    topics: (asked ?? [...cluster.topics.keys()]).map((name) => {
      const topic = cluster.topics.get(name)
      if (failure !== undefined) return { name, errorCode: failure.errorCode, partitions: [] }
      if (topic === undefined)
        return { name, errorCode: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] }
      const partitions = topic.logs.map((log, partitionIndex) => ({
        partitionIndex,
        leaderId: log.leader,
        leaderEpoch: log.leaderEpoch,
        replicaNodes: [log.leader],
        isrNodes: [log.leader],
      }))
      return { name, topicId: topic.id, errorCode: 0, partitions }
    }),
  }
}

function find(cluster: FakeCluster, broker: number, topic: string, partition: number): FakeLog | number {
  const log = cluster.topics.get(topic)?.logs[partition]
  if (log === undefined) return ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION
  return log.leader === broker ? log : ERROR_CODES.NOT_LEADER_OR_FOLLOWER
}

export function answerProduce(cluster: FakeCluster, call: Call, failure: Failure): object {
  const body = call.body as ProduceRequest
  const responses = body.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index, records }) => {
      const at = find(cluster, call.broker, name, index)
      const logStartOffset = failure?.logStartOffset ?? -1
      if (failure !== undefined)
        return { index, errorCode: failure.errorCode, baseOffset: -1, logStartOffset }
      if (typeof at === 'number') return { index, errorCode: at, baseOffset: -1 }
      return { index, ...at.produce(records ?? Buffer.alloc(0)), logStartOffset: at.startOffset }
    }),
  }))
  cluster.appended()
  return { responses }
}

export async function answerFetch(cluster: FakeCluster, call: Call, failure: Failure): Promise<object> {
  const { clock } = cluster
  const body = call.body as FetchRequest
  const begun = cluster.sessionsOf(call.broker).begin(body)
  if ('errorCode' in begun) return { errorCode: begun.errorCode, responses: [] }
  const untilMs = clock.monotonicMs() + body.maxWaitMs
  for (;;) {
    const answers = begun.wanted.map((wanted) => readOne(cluster, call, wanted, failure))
    const isReady = answers.some((answer) => hasNews(answer.partitions[0]))
    const leftMs = untilMs - clock.monotonicMs()
    if (isReady || leftMs <= 0) {
      const responses = begun.isIncremental
        ? answers.filter(({ partitions }) => hasNews(partitions[0]))
        : answers
      return { sessionId: begun.id, responses }
    }
    await cluster.nextAppend(leftMs)
  }
}

function hasNews(answer: { errorCode: number; records: Buffer | null } | undefined): boolean {
  return answer !== undefined && (answer.errorCode !== 0 || (answer.records?.length ?? 0) > 0)
}

function readOne(cluster: FakeCluster, call: Call, wanted: WantedOfFake, failure: Failure) {
  const { topic, topicId, partition } = wanted
  const names = new Map([...cluster.topics].map(([name, { id }]) => [id, name]))
  const name = call.version >= 13 ? (names.get(topicId) ?? '?') : topic
  const partitionIndex = partition.partition
  const log = find(cluster, call.broker, name, partitionIndex)
  const errorCode = failure?.errorCode ?? errorOf(log, partition.fetchOffset)
  if (errorCode !== 0 || typeof log === 'number') {
    const refused = { partitionIndex, errorCode, highWatermark: -1, records: null }
    return { topic, topicId, partitions: [refused] }
  }
  const stable = log.lastStableOffset ?? log.endOffset
  const isCommitted = call.body.isolationLevel === 1
  const atEnd = isCommitted && partition.fetchOffset >= stable
  const answer = {
    partitionIndex,
    errorCode,
    highWatermark: log.endOffset,
    lastStableOffset: stable,
    abortedTransactions: isCommitted ? log.aborted : null,
    records: atEnd ? null : log.read(partition.fetchOffset, partition.partitionMaxBytes),
  }
  return { topic, topicId, partitions: [answer] }
}

function errorOf(log: FakeLog | number, offset: number): number {
  if (typeof log === 'number') return log
  return offset < log.startOffset || offset > log.endOffset ? ERROR_CODES.OFFSET_OUT_OF_RANGE : 0
}

export function answerListOffsets(cluster: FakeCluster, call: Call, failure: Failure): object {
  const body = call.body as ListOffsetsRequest
  return {
    topics: body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }) => {
        const log = find(cluster, call.broker, name, partitionIndex)
        const errorCode = failure?.errorCode ?? (typeof log === 'number' ? log : 0)
        if (errorCode !== 0 || typeof log === 'number') return { partitionIndex, errorCode, offset: -1 }
        return { partitionIndex, errorCode, leaderEpoch: log.leaderEpoch, ...locate(log, timestamp) }
      }),
    })),
  }
}

function locate(log: FakeLog, timestamp: number): { offset: number; timestamp: number } {
  if (timestamp === -1) return { offset: log.endOffset, timestamp: -1 }
  if (timestamp === -2) return { offset: log.startOffset, timestamp: -1 }
  const record = log.records().find((candidate) => candidate.timestampMs >= timestamp)
  return { offset: record?.offset ?? -1, timestamp: record?.timestampMs ?? -1 }
}

export function answerEpochs(cluster: FakeCluster, call: Call, failure: Failure): object {
  const body = call.body as OffsetForLeaderEpochRequest
  return {
    topics: body.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, leaderEpoch }) => {
        const log = find(cluster, call.broker, topic, partition)
        const errorCode = failure?.errorCode ?? (typeof log === 'number' ? log : 0)
        if (errorCode !== 0 || typeof log === 'number') return { partition, errorCode }
        return { partition, errorCode, ...log.endOfEpoch(leaderEpoch) }
      }),
    })),
  }
}
