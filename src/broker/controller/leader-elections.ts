import type { Clock, Timer } from '../../base/clock.ts'
import { ApiError } from '../api-error.ts'
import { NO_LEADER, type TopicPartition } from '../zk/index.ts'
import type { ControlledPartition } from './context.ts'
import { canBePreferredLeader } from './election.ts'
import { ElectionError, type ElectionOutcomes, type PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** `preferred`: the first replica leads again. `unclean`: any live replica leads, at the price of records. */
export type ElectionType = 'preferred' | 'unclean'

/** What became of one partition: the leader that it has now, or why there was no election. */
export type ElectionAnswer = TopicPartition & { readonly outcome: number | ApiError }

/** After coming into office. */
const FIRST_REBALANCE_DELAY_MS = 5000

/**
 * Elections that somebody asked for, by request or in the znode of old, and those that bring leaders back to their
 * preferred replicas from time to time (KafkaController.processReplicaLeaderElection, checkAndTriggerAutoLeaderRebalance).
 */
export class LeaderElections {
  private readonly parts: ControllerParts
  private readonly partitions: PartitionStates
  private readonly deletion: TopicDeletion

  constructor(parts: ControllerParts, partitions: PartitionStates, deletion: TopicDeletion) {
    this.parts = parts
    this.partitions = partitions
    this.deletion = deletion
  }

  /** By request. Answers are in the order of the partitions. */
  async elect(wanted: readonly TopicPartition[], type: ElectionType): Promise<ElectionAnswer[]> {
    const { context } = this.parts
    const refused = wanted.map((each) => {
      const partition = context.partition(each.topic, each.partition)
      return { each, partition, refusal: this.refusal(partition, type) }
    })
    const electing = refused.flatMap(({ partition, refusal }) => (refusal === null && partition) || [])
    const outcomes = await this.partitions.change(electing, 'Online', type)
    return refused.map(({ each, partition, refusal }) => {
      const { topic, partition: number } = each
      const outcome = refusal ?? answerOf(partition, outcomes, type)
      return { topic, partition: number, outcome }
    })
  }

  /** Null when there is to be an election. */
  private refusal(partition: ControlledPartition | undefined, type: ElectionType): ApiError | null {
    if (partition === undefined) {
      return new ApiError('UNKNOWN_TOPIC_OR_PARTITION', 'The partition does not exist.')
    }
    if (this.deletion.isQueued(partition.topic)) {
      return new ApiError('INVALID_TOPIC_EXCEPTION', 'The topic is being deleted')
    }
    if (isNeeded(partition, type, (id) => this.parts.context.isLive(id))) return null
    return new ApiError('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.')
  }

  /** /admin/preferred_replica_election is there: what it asks for is done as far as possible, then it goes. */
  async processZnode(): Promise<void> {
    const { zk, context, watchers } = this.parts
    if (!(await zk.watchPreferredElection(watchers.preferredElection))) return
    const wanted = await zk.preferredElection()
    const known = wanted.flatMap(({ topic, partition }) => context.partition(topic, partition) ?? [])
    const electing = known.filter((partition) => this.refusal(partition, 'preferred') === null)
    await this.partitions.change(electing, 'Online', 'preferred')
    await zk.deletePreferredElection(context.epochZkVersion)
  }

  /** Brokers that lead too few of the partitions whose preferred replica they have get them back. */
  async rebalance(): Promise<void> {
    const { context, config, logger } = this.parts
    const byPreferred = new Map<number, ControlledPartition[]>()
    for (const partition of context.allPartitions()) {
      const [preferred] = partition.assignment.replicas
      if (preferred === undefined || this.deletion.isQueued(partition.topic)) continue
      const others = byPreferred.get(preferred)
      if (others === undefined) byPreferred.set(preferred, [partition])
      else others.push(partition)
    }
    for (const [broker, partitions] of byPreferred) {
      const led = (partition: ControlledPartition) => partition.leadership?.leaderAndIsr.leader ?? broker
      const elsewhere = partitions.filter((partition) => led(partition) !== broker)
      const isImbalanced =
        elsewhere.length / partitions.length > config.leaderImbalancePerBrokerPercentage / 100
      // A reassignment moves leaders itself.
      if (!isImbalanced || context.reassigning.size > 0) continue
      const able = elsewhere.filter((partition) =>
        canBePreferredLeader(context, partition, partition.leadership?.leaderAndIsr.isr ?? []),
      )
      if (able.length === 0) continue
      logger.info(`broker ${broker} is to lead ${able.length} partitions again`)
      await this.partitions.change(able, 'Online', 'preferred')
    }
  }
}

function isNeeded(
  { leadership, assignment }: ControlledPartition,
  type: ElectionType,
  isLive: (id: number) => boolean,
): boolean {
  const leader = leadership?.leaderAndIsr.leader ?? NO_LEADER
  return type === 'preferred' ? leader !== assignment.replicas[0] : leader === NO_LEADER || !isLive(leader)
}

function answerOf(
  partition: ControlledPartition | undefined,
  outcomes: ElectionOutcomes,
  type: ElectionType,
): number | ApiError {
  const outcome = partition && outcomes.get(partition)
  if (outcome !== undefined && !(outcome instanceof ElectionError)) return outcome.leader
  const name = type === 'preferred' ? 'PREFERRED_LEADER_NOT_AVAILABLE' : 'ELIGIBLE_LEADERS_NOT_AVAILABLE'
  return new ApiError(name, outcome?.message)
}

/** Runs the automatic election from time to time, as long as this controller is in office. */
export class RebalanceTimer {
  private readonly clock: Clock
  private readonly run: () => Promise<void>
  private timer: Timer | undefined

  /** `run` resolves when the next period may begin. */
  constructor(clock: Clock, run: () => Promise<void>) {
    this.clock = clock
    this.run = run
  }

  /** `periodMs` is asked each time. */
  start(periodMs: () => number): void {
    this.schedule(FIRST_REBALANCE_DELAY_MS, periodMs)
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  private schedule(delayMs: number, periodMs: () => number): void {
    this.timer?.cancel()
    const timer = this.clock.setTimer(
      delayMs,
      async () => {
        await this.run()
        if (this.timer === timer) this.schedule(periodMs(), periodMs)
      },
      { unref: true },
    )
    this.timer = timer
  }
}
