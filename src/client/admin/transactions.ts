import { ERROR_CODES } from '../../protocol/index.ts'
import { initProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { writeTxnMarkers } from '../../protocol/messages/27-write-txn-markers.ts'
import { describeProducers } from '../../protocol/messages/61-describe-producers.ts'
import { describeTransactions } from '../../protocol/messages/65-describe-transactions.ts'
import { listTransactions } from '../../protocol/messages/66-list-transactions.ts'
import type { ClientCore } from '../core.ts'
import { askLeaders, byTopic, partitionName } from '../leaders.ts'
import { BrokerError, type Connection, UnsupportedVersionError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'
import { askCoordinators } from './coordinators.ts'
import { type ItemResult, itemError } from './results.ts'

/** A producer that has numbered its batches, as the leader of a partition remembers it. */
export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestampMs: number
  /** -1 when it never wrote in a transaction. */
  readonly coordinatorEpoch: number
  /** Null outside of a transaction. */
  readonly currentTransactionStartOffset: number | null
}

export interface DescribedProducers extends ItemResult, TopicPartition {
  readonly producers: readonly ProducerState[]
}

export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  /** `Ongoing`, `Empty`, `PrepareCommit`, … */
  readonly state: string
  readonly coordinator: number
}

export interface TransactionFilter {
  readonly states?: readonly string[]
  readonly producerIds?: readonly number[]
  /** Only those that have been open for longer (KIP-994, Kafka 3.8). */
  readonly longerThanMs?: number
}

/** `name` is the transactional id. */
export interface TransactionDescription extends ItemResult {
  readonly state: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** Null when none is open. */
  readonly startTimeMs: number | null
  readonly partitions: readonly TopicPartition[]
}

export interface FencedProducer extends ItemResult {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A transaction that hangs in a partition, as {@link describeProducers} shows it. */
export interface AbortedTransactionSpec extends TopicPartition {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
}

const DURATION_VERSION = 1
/** How many transactional ids one request names. */
const DESCRIBED_AT_ONCE = 1000

export async function describeProducersOf(
  core: ClientCore,
  partitions: readonly TopicPartition[],
): Promise<DescribedProducers[]> {
  const answers = await askLeaders(core, partitions, async (connection, wanted) => {
    const response = await connection.send(describeProducers, {
      topics: byTopic(wanted).map(([name, group]) => ({
        name,
        partitionIndexes: group.map(({ partition }) => partition),
      })),
    })
    const found = new Map<string, ProducerState[] | BrokerError>()
    for (const { name, partitions } of response.topics)
      for (const answer of partitions)
        found.set(
          partitionName({ topic: name, partition: answer.partitionIndex }),
          itemError(answer.errorCode, answer.errorMessage) ?? answer.activeProducers.map(stateOf),
        )
    return found
  })
  return answers.map(({ at: { topic, partition }, answer }) => ({
    name: partitionName({ topic, partition }),
    topic,
    partition,
    error: answer instanceof BrokerError ? answer : null,
    producers: answer instanceof BrokerError ? [] : answer,
  }))
}

function stateOf(state: {
  producerId: number
  producerEpoch: number
  lastSequence: number
  lastTimestamp: number
  coordinatorEpoch: number
  currentTxnStartOffset: number
}): ProducerState {
  const { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch } = state
  const currentTransactionStartOffset = state.currentTxnStartOffset < 0 ? null : state.currentTxnStartOffset
  const known = { producerId, producerEpoch, lastSequence, coordinatorEpoch }
  return { ...known, lastTimestampMs: lastTimestamp, currentTransactionStartOffset }
}

/** Of all brokers. Throws when one does not answer: a transaction could be missing. */
export async function list(core: ClientCore, filter: TransactionFilter): Promise<TransactionListing[]> {
  await core.retry(() => core.refresh([]))
  const brokers = [...core.metadata.brokers.keys()].sort((a, b) => a - b)
  const lists = brokers.map((broker) =>
    core.retry(async () => listOf(await core.connectionTo(broker), broker, filter)),
  )
  return (await Promise.all(lists)).flat()
}

async function listOf(
  connection: Connection,
  broker: number,
  { states = [], producerIds = [], longerThanMs }: TransactionFilter,
): Promise<TransactionListing[]> {
  const hasDuration = connection.versionOf(listTransactions) >= DURATION_VERSION
  if (longerThanMs !== undefined && !hasDuration)
    throw new UnsupportedVersionError(`broker ${broker} is too old to list transactions by their age`)
  const response = await connection.send(listTransactions, {
    stateFilters: states,
    producerIdFilters: producerIds,
    ...(hasDuration ? { durationFilter: longerThanMs ?? -1 } : {}),
  })
  // A broker that is going down has none any more.
  if (response.errorCode === ERROR_CODES.COORDINATOR_NOT_AVAILABLE) return []
  const error = itemError(response.errorCode, null)
  if (error !== null) throw error
  return response.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
    transactionalId,
    producerId,
    state: transactionState,
    coordinator: broker,
  }))
}

export async function describe(
  core: ClientCore,
  transactionalIds: readonly string[],
): Promise<TransactionDescription[]> {
  const found = await askCoordinators<TransactionDescription>(core, transactionalIds, {
    keyType: 'transaction',
    batchSize: DESCRIBED_AT_ONCE,
    ask: async (connection, ids) => {
      const response = await connection.send(describeTransactions, { transactionalIds: ids })
      return new Map(
        response.transactionStates.map((answer) => [
          answer.transactionalId,
          itemError(answer.errorCode, null) ?? {
            name: answer.transactionalId,
            error: null,
            state: answer.transactionState,
            producerId: answer.producerId,
            producerEpoch: answer.producerEpoch,
            timeoutMs: answer.transactionTimeoutMs,
            startTimeMs: answer.transactionStartTimeMs < 0 ? null : answer.transactionStartTimeMs,
            partitions: answer.topics.flatMap(({ topic, partitions }) =>
              partitions.map((partition) => ({ topic, partition })),
            ),
          },
        ]),
      )
    },
  })
  return inOrder(transactionalIds, found).map(([name, answer]) =>
    answer instanceof BrokerError ? { ...UNKNOWN_TRANSACTION, name, error: answer } : answer,
  )
}

const UNKNOWN_TRANSACTION = {
  state: '',
  producerId: -1,
  producerEpoch: -1,
  timeoutMs: -1,
  startTimeMs: null,
  partitions: [],
} as const

/** Ends a transaction that hangs in one partition with an abort marker, past its coordinator (KIP-664). */
export async function abort(core: ClientCore, spec: AbortedTransactionSpec): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = spec
  const [result] = await askLeaders<TopicPartition, null>(
    core,
    [{ topic, partition }],
    async (connection) => {
      const topics = [{ name: topic, partitionIndexes: [partition] }]
      const marker = { producerId, producerEpoch, coordinatorEpoch, transactionResult: false, topics }
      const response = await connection.send(writeTxnMarkers, { markers: [marker] })
      const answer = response.markers[0]?.topics[0]?.partitions[0]
      return new Map([
        [partitionName(spec), itemError(answer?.errorCode ?? ERROR_CODES.UNKNOWN_SERVER_ERROR, null)],
      ])
    },
  )
  if (result?.answer instanceof BrokerError) throw result.answer
}

/** Ends what the producers with these transactional ids have open, and shuts them out (KIP-588). */
export async function fence(
  core: ClientCore,
  transactionalIds: readonly string[],
  options: { readonly timeoutMs?: number },
): Promise<FencedProducer[]> {
  const transactionTimeoutMs = options.timeoutMs ?? core.options.requestTimeoutMs
  const found = await askCoordinators<FencedProducer>(core, transactionalIds, {
    keyType: 'transaction',
    batchSize: 1,
    isRetried: (errorCode) => errorCode === ERROR_CODES.CONCURRENT_TRANSACTIONS,
    ask: async (connection, ids) => {
      const answers = ids.map(async (name): Promise<[string, FencedProducer | BrokerError]> => {
        const request = { transactionalId: name, transactionTimeoutMs }
        const { errorCode, producerId, producerEpoch } = await connection.send(initProducerId, request)
        return [name, itemError(errorCode, null) ?? { name, error: null, producerId, producerEpoch }]
      })
      return new Map(await Promise.all(answers))
    },
  })
  return inOrder(transactionalIds, found).map(([name, answer]) =>
    answer instanceof BrokerError ? { name, error: answer, producerId: -1, producerEpoch: -1 } : answer,
  )
}

/** In the order of the ids, each once. */
function inOrder<T>(ids: readonly string[], answers: ReadonlyMap<string, T>): [string, T][] {
  return [...new Set(ids)].flatMap((id) => {
    const answer = answers.get(id)
    return answer === undefined ? [] : [[id, answer] as [string, T]]
  })
}
