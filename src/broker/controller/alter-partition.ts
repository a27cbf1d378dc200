import { ERROR_CODES } from '../../protocol/index.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponseInput,
} from '../../protocol/messages/56-alter-partition.ts'
import { toApiError } from '../api-error.ts'
import { type LeaderAndIsr, RECOVERED, RECOVERING } from '../zk/index.ts'
import type { ControlledPartition } from './context.ts'
import type { ControllerParts } from './parts.ts'

type PartitionRequest = AlterPartitionRequest['topics'][number]['partitions'][number]
type PartitionOutcome = { readonly index: number } & (
  | { readonly error: number }
  | { readonly state: LeaderAndIsr }
  | { readonly partition: ControlledPartition; readonly wanted: LeaderAndIsr }
)

/** From this version on topics go by their ids, and replicas that are not up are INELIGIBLE_REPLICA (KIP-841). */
const TOPIC_IDS = 2

export interface AlteredPartitions {
  readonly response: AlterPartitionResponseInput
  /** That have got their new ISR. */
  readonly changed: readonly ControlledPartition[]
}

/**
 * Leaders ask for a new ISR (KIP-497, KafkaController.processAlterPartition). What is asked for must follow the state that
 * the controller knows: the same leader epoch, and the partition epoch that is the version of the znode.
 */
export async function alterPartitions(
  parts: ControllerParts,
  request: AlterPartitionRequest,
  version: number,
): Promise<AlteredPartitions> {
  const { context, batch, logger } = parts
  const broker = context.brokers.get(request.brokerId)
  if (broker?.epoch !== request.brokerEpoch) {
    logger.info(`AlterPartition of broker ${request.brokerId} has a stale epoch ${request.brokerEpoch}`)
    return { response: { errorCode: ERROR_CODES.STALE_BROKER_EPOCH }, changed: [] }
  }
  const topics = request.topics.map(({ topicName, topicId, partitions }) => {
    const name = version >= TOPIC_IDS ? context.topicName(topicId) : topicName
    const outcomes = partitions.map((each) =>
      name === undefined
        ? { index: each.partitionIndex, error: ERROR_CODES.UNKNOWN_TOPIC_ID }
        : decide(parts, request.brokerId, context.partition(name, each.partitionIndex), each, version),
    )
    return { topicName, topicId, outcomes }
  })
  const written = await write(
    parts,
    topics.flatMap(({ outcomes }) => outcomes),
  )
  const named = topics.flatMap(({ topicName, topicId, outcomes }) => {
    const name = version >= TOPIC_IDS ? (context.topicName(topicId) ?? '') : topicName
    return outcomes.flatMap(({ index }) => context.partition(name, index) ?? [])
  })
  // Whoever asked for something outdated may not have heard of the current state.
  batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), named)
  batch.send()
  const changed = [...written].flatMap(([wanted, outcome]) =>
    'partition' in wanted && 'state' in outcome ? wanted.partition : [],
  )
  const answers = topics.map(({ topicName, topicId, outcomes }) => ({
    topicName,
    topicId,
    partitions: outcomes.map((outcome) => answer(written.get(outcome) ?? outcome)),
  }))
  return { response: { topics: answers }, changed }
}

function decide(
  { context, logger }: ControllerParts,
  brokerId: number,
  partition: ControlledPartition | undefined,
  request: PartitionRequest,
  version: number,
): PartitionOutcome {
  const index = request.partitionIndex
  const current = partition?.leadership?.leaderAndIsr
  if (partition === undefined || current === undefined) {
    return { index, error: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION }
  }
  const refuse = (error: number, reason: string): PartitionOutcome => {
    logger.info(`AlterPartition of broker ${brokerId} for ${partition.name} is refused: ${reason}`)
    return { index, error }
  }
  const wanted: LeaderAndIsr = {
    leader: brokerId,
    leaderEpoch: request.leaderEpoch,
    isr: version >= 3 ? request.newIsrWithEpochs.map((each) => each.brokerId) : request.newIsr,
    leaderRecoveryState: request.leaderRecoveryState,
    partitionEpoch: request.partitionEpoch,
  }
  if (wanted.partitionEpoch > current.partitionEpoch || wanted.leaderEpoch > current.leaderEpoch) {
    return refuse(ERROR_CODES.NOT_CONTROLLER, 'it knows a later state than this controller')
  }
  if (wanted.leaderEpoch < current.leaderEpoch)
    return refuse(ERROR_CODES.FENCED_LEADER_EPOCH, 'old leader epoch')
  if (wanted.leader !== current.leader) return refuse(ERROR_CODES.INVALID_REQUEST, 'it does not lead')
  // Asked twice, since the answer was lost: before the partition epoch is looked at.
  if (isSame(wanted, current)) return { index, state: current }
  if (wanted.partitionEpoch < current.partitionEpoch) {
    return refuse(ERROR_CODES.INVALID_UPDATE_VERSION, 'old partition epoch')
  }
  if (wanted.leaderRecoveryState === RECOVERING && wanted.isr.length > 1) {
    return refuse(ERROR_CODES.INVALID_REQUEST, 'a recovering leader is alone in the ISR')
  }
  if (current.leaderRecoveryState === RECOVERED && wanted.leaderRecoveryState === RECOVERING) {
    return refuse(ERROR_CODES.INVALID_REQUEST, 'a leader that has recovered stays so')
  }
  const { replicas } = partition.assignment
  const isValid = wanted.isr.length > 0 && new Set(wanted.isr).size === wanted.isr.length
  if (!isValid || !wanted.isr.every((id) => replicas.includes(id))) {
    return refuse(ERROR_CODES.INVALID_REQUEST, `[${wanted.isr}] is no ISR of replicas [${replicas}]`)
  }
  if (!wanted.isr.every((id) => context.isLive(id))) {
    const code = version >= TOPIC_IDS ? ERROR_CODES.INELIGIBLE_REPLICA : ERROR_CODES.OPERATION_NOT_ATTEMPTED
    return refuse(code, `not all of [${wanted.isr}] are up`)
  }
  return { index, partition, wanted }
}

function isSame(wanted: LeaderAndIsr, current: LeaderAndIsr): boolean {
  return (
    wanted.leaderRecoveryState === current.leaderRecoveryState &&
    wanted.isr.length === current.isr.length &&
    wanted.isr.every((id, at) => id === current.isr[at])
  )
}

async function write(
  { zk, context, logger }: ControllerParts,
  outcomes: readonly PartitionOutcome[],
): Promise<Map<PartitionOutcome, PartitionOutcome>> {
  const accepted = outcomes.flatMap((outcome) => ('wanted' in outcome ? [{ outcome, ...outcome }] : []))
  const updates = accepted.map(({ partition, wanted }) => ({
    topic: partition.topic,
    partition: partition.partition,
    leaderAndIsr: wanted,
  }))
  const results = await zk.updatePartitionStates(updates, context.epoch, context.epochZkVersion)
  const written = new Map<PartitionOutcome, PartitionOutcome>()
  accepted.forEach(({ outcome, partition }, at) => {
    const { index } = outcome
    const result = results[at]
    if (result === null || result === undefined) {
      logger.info(`the state of ${partition.name} has changed in ZooKeeper, its new ISR is refused`)
      written.set(outcome, { index, error: ERROR_CODES.INVALID_UPDATE_VERSION })
    } else if (result instanceof Error) {
      logger.error(`cannot write the state of ${partition.name}`, result)
      written.set(outcome, { index, error: toApiError(result).errorCode })
    } else {
      partition.leadership = { leaderAndIsr: result, controllerEpoch: context.epoch }
      written.set(outcome, { index, state: result })
    }
  })
  return written
}

function answer(outcome: PartitionOutcome) {
  const partitionIndex = outcome.index
  if ('error' in outcome) return { partitionIndex, errorCode: outcome.error }
  const state = 'state' in outcome ? outcome.state : outcome.wanted
  return {
    partitionIndex,
    leaderId: state.leader,
    leaderEpoch: state.leaderEpoch,
    isr: state.isr,
    leaderRecoveryState: state.leaderRecoveryState,
    partitionEpoch: state.partitionEpoch,
  }
}
