import type { Clock } from '../../base/clock.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import { type ElectLeadersRequest, electLeaders } from '../../protocol/messages/43-elect-leaders.ts'
import { ApiError } from '../api-error.ts'
import { type ElectionAnswer, type KafkaController, TopicWaiter } from '../controller/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import type { TopicPartition } from '../zk/index.ts'
import { distinctPartitions, groupByTopic } from './by-topic.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface ElectLeadersDeps {
  readonly controller: KafkaController
  readonly cache: MetadataCache
  readonly clock: Clock
}

const PREFERRED = 0
const UNCLEAN = 1

/**
 * ElectLeaders, key 43, v0-2: answered by the controller, NOT_CONTROLLER(41) for each partition by all others. Waits until
 * this broker has heard of the new leaders. Without partitions all are meant, and those that need no election are left out.
 *
 * - v1: the type of the election (KIP-460), and an error code for all.
 */
export function electLeadersHandler({ controller, cache, clock }: ElectLeadersDeps): ApiHandler {
  const waiter = new TopicWaiter(clock, cache)
  return handler(
    electLeaders,
    { min: 0, max: 2 },
    {
      async handle(request) {
        const { electionType, timeoutMs } = request
        if (electionType !== PREFERRED && electionType !== UNCLEAN) {
          return errorOfAll(request, cache, ERROR_CODES.UNKNOWN_SERVER_ERROR)
        }
        const type = electionType === UNCLEAN ? 'unclean' : 'preferred'
        const answers = await controller.electLeaders(wantedPartitions(request, cache), type)
        if (answers === null) {
          const answer = { errorCode: ERROR_CODES.NOT_CONTROLLER, errorMessage: null }
          return { replicaElectionResults: results(wantedPartitions(request, cache), () => answer) }
        }
        const elected = answers.flatMap(({ outcome, ...partition }) =>
          typeof outcome === 'number' ? [{ ...partition, leader: outcome }] : [],
        )
        const late = new Set((await waiter.elected(elected, Math.max(0, timeoutMs))).map(keyOf))
        const isAll = request.topicPartitions === null
        const shown = answers.filter(({ outcome }) => !(isAll && isNotNeeded(outcome)))
        return { replicaElectionResults: results(shown, (each) => outcomeOf(each, late.has(keyOf(each)))) }
      },
      onError: (request, errorCode) => errorOfAll(request, cache, errorCode),
    },
  )
}

function wantedPartitions({ topicPartitions }: ElectLeadersRequest, cache: MetadataCache): TopicPartition[] {
  if (topicPartitions === null) {
    return cache
      .topicNames()
      .flatMap((topic) => [...(cache.topic(topic)?.keys() ?? [])].map((partition) => ({ topic, partition })))
  }
  return distinctPartitions(
    topicPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
  )
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

function isNotNeeded(outcome: ElectionAnswer['outcome']): boolean {
  return outcome instanceof ApiError && outcome.errorCode === ERROR_CODES.ELECTION_NOT_NEEDED
}

function outcomeOf({ outcome }: ElectionAnswer, isLate: boolean) {
  if (outcome instanceof ApiError) return { errorCode: outcome.errorCode, errorMessage: outcome.wireMessage }
  return { errorCode: isLate ? ERROR_CODES.REQUEST_TIMED_OUT : ERROR_CODES.NONE, errorMessage: null }
}

function results<T extends TopicPartition>(
  partitions: readonly T[],
  resultOf: (partition: T) => { readonly errorCode: number; readonly errorMessage: string | null },
) {
  return groupByTopic(partitions).map(([topic, group]) => ({
    topic,
    partitionResult: group.map((each) => ({ partitionId: each.partition, ...resultOf(each) })),
  }))
}

function errorOfAll(request: ElectLeadersRequest, cache: MetadataCache, errorCode: number) {
  const answer = { errorCode, errorMessage: null }
  return { errorCode, replicaElectionResults: results(wantedPartitions(request, cache), () => answer) }
}
