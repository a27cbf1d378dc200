import { KcliError } from '../../base/errors.ts'
import { type LeaderAndIsr, RECOVERED } from '../zk/index.ts'
import type { ControlledPartition, PartitionState } from './context.ts'
import {
  type ElectionResult,
  type ElectionStrategy,
  electForControlledShutdown,
  electForReassignment,
  electOffline,
  electPreferred,
  STRATEGY_NAMES,
} from './election.ts'
import type { ControllerParts } from './parts.ts'

const PREVIOUS_STATES: Readonly<Record<PartitionState, readonly PartitionState[]>> = {
  New: ['NonExistent'],
  Online: ['New', 'Online', 'Offline'],
  Offline: ['New', 'Online', 'Offline'],
  NonExistent: ['Offline'],
}

/** Nobody can lead the partition, or its state cannot be read or written. The message is Kafka's. */
export class ElectionError extends KcliError {
  constructor(message: string) {
    super('KCLI_ELECTION', message)
  }
}

/** The leader that each partition got, or why it got none. */
export type ElectionOutcomes = Map<ControlledPartition, LeaderAndIsr | ElectionError>

/**
 * The states of partitions and what happens on the way from one to another (kafka.controller.ZkPartitionStateMachine):
 * New has replicas but no leader yet; Online has a leader; Offline has lost it; NonExistent was never made or is deleted.
 * A change writes the znodes, then the requests to the brokers leave as one batch.
 */
export class PartitionStates {
  private readonly parts: ControllerParts

  constructor(parts: ControllerParts) {
    this.parts = parts
  }

  /** Takes the states from the znodes, and elects leaders where they are missing. */
  async startup(): Promise<void> {
    const { context } = this.parts
    for (const partition of context.allPartitions()) {
      const { leadership } = partition
      if (leadership === undefined) partition.state = 'New'
      else {
        const isLed = context.isReplicaOnline(leadership.leaderAndIsr.leader, partition)
        partition.state = isLed ? 'Online' : 'Offline'
      }
    }
    await this.bringOnline()
  }

  /** Tries to elect leaders for all partitions that have none. True when at least one was elected. */
  async bringOnline(): Promise<boolean> {
    const { context } = this.parts
    const partitions = [...context.allPartitions()].filter(
      ({ state, topic }) => (state === 'Offline' || state === 'New') && !context.topicsToBeDeleted.has(topic),
    )
    const outcomes = await this.change(partitions, 'Online')
    return [...outcomes.values()].some((outcome) => !(outcome instanceof ElectionError))
  }

  /** Partitions that cannot change stay as they are. Has an outcome for each that was to get a new leader. */
  async change(
    partitions: readonly ControlledPartition[],
    target: PartitionState,
    strategy: ElectionStrategy = 'offline',
  ): Promise<ElectionOutcomes> {
    const outcomes: ElectionOutcomes = new Map()
    if (partitions.length === 0) return outcomes
    const valid = partitions.filter((partition) => {
      if (PREVIOUS_STATES[target].includes(partition.state)) return true
      outcomes.set(partition, this.fail(partition, target, `it is ${partition.state}`))
      return false
    })
    if (target !== 'Online') {
      for (const partition of valid) partition.state = target
      return outcomes
    }
    const fresh = valid.filter((partition) => partition.state === 'New')
    const electing = valid.filter((partition) => partition.state !== 'New')
    if (fresh.length > 0) await this.initialize(fresh)
    if (electing.length > 0) await this.elect(electing, strategy, outcomes)
    this.parts.batch.send()
    return outcomes
  }

  private fail(partition: ControlledPartition, target: PartitionState, reason: string): ElectionError {
    this.parts.logger.error(`partition ${partition.name} cannot become ${target}: ${reason}`)
    return new ElectionError(reason)
  }

  /** The first live replica leads, all live ones are in sync. */
  private async initialize(partitions: readonly ControlledPartition[]): Promise<void> {
    const { context, zk, batch } = this.parts
    const states = []
    for (const partition of partitions) {
      const live = partition.assignment.replicas.filter((id) => context.isReplicaOnline(id, partition))
      const leader = live[0]
      if (leader === undefined) {
        const replicas = partition.assignment.replicas.join(',')
        this.fail(partition, 'Online', `none of its replicas [${replicas}] is alive`)
        continue
      }
      const leaderAndIsr: LeaderAndIsr = {
        leader,
        leaderEpoch: 0,
        isr: live,
        leaderRecoveryState: RECOVERED,
        partitionEpoch: 0,
      }
      const state = { leaderAndIsr, controllerEpoch: context.epoch }
      states.push({ topic: partition.topic, partition: partition.partition, state, of: partition })
    }
    const errors = await zk.createPartitionStates(states, context.epochZkVersion)
    states.forEach(({ of: partition, state }, index) => {
      const error = errors[index]
      if (error !== undefined) {
        this.fail(partition, 'Online', error.message)
        return
      }
      partition.leadership = state
      partition.state = 'Online'
      batch.addLeaderAndIsr(state.leaderAndIsr.isr, partition, { isNew: true })
    })
  }

  private async elect(
    partitions: readonly ControlledPartition[],
    strategy: ElectionStrategy,
    outcomes: ElectionOutcomes,
  ): Promise<void> {
    let remaining = partitions
    while (remaining.length > 0) remaining = await this.electOnce(remaining, strategy, outcomes)
  }

  /** Resolves to the partitions whose znode was changed by their leader meanwhile. */
  private async electOnce(
    partitions: readonly ControlledPartition[],
    strategy: ElectionStrategy,
    outcomes: ElectionOutcomes,
  ): Promise<ControlledPartition[]> {
    const { context, zk, batch } = this.parts
    const current = await this.readStates(partitions, outcomes)
    const unclean = strategy === 'offline' ? await this.uncleanTopics(current) : new Set<string>()
    const updates = []
    for (const [partition, leaderAndIsr] of current) {
      const allowUnclean = strategy === 'unclean' || unclean.has(partition.topic)
      const result = this.choose(partition, leaderAndIsr, strategy, allowUnclean)
      if (result.leaderAndIsr === undefined) {
        const reason = `Failed to elect leader for partition ${partition.name} under strategy ${STRATEGY_NAMES[strategy]}`
        outcomes.set(partition, this.fail(partition, 'Online', reason))
        continue
      }
      const { topic, partition: number } = partition
      updates.push({
        topic,
        partition: number,
        leaderAndIsr: result.leaderAndIsr,
        recipients: result.liveReplicas,
        of: partition,
      })
    }
    const results = await zk.updatePartitionStates(updates, context.epoch, context.epochZkVersion)
    const again: ControlledPartition[] = []
    updates.forEach(({ of: partition, recipients }, index) => {
      const result = results[index]
      if (result === null || result === undefined) again.push(partition)
      else if (result instanceof Error)
        outcomes.set(partition, this.fail(partition, 'Online', result.message))
      else {
        partition.leadership = { leaderAndIsr: result, controllerEpoch: context.epoch }
        partition.state = 'Online'
        batch.addLeaderAndIsr(recipients, partition, { isNew: false })
        outcomes.set(partition, result)
      }
    })
    return again
  }

  private choose(
    partition: ControlledPartition,
    current: LeaderAndIsr,
    strategy: ElectionStrategy,
    allowUnclean: boolean,
  ): ElectionResult {
    const { context } = this.parts
    switch (strategy) {
      case 'controlledShutdown':
        return electForControlledShutdown(context, partition, current)
      case 'preferred':
        return electPreferred(context, partition, current)
      case 'reassignment':
        return electForReassignment(context, partition, current)
      default:
        return electOffline(context, partition, current, { allowUnclean })
    }
  }

  /** The states as the znodes have them now: leaders write them too. */
  private async readStates(
    partitions: readonly ControlledPartition[],
    outcomes: ElectionOutcomes,
  ): Promise<[ControlledPartition, LeaderAndIsr][]> {
    const states = await this.parts.zk.partitionStates(partitions)
    const found: [ControlledPartition, LeaderAndIsr][] = []
    partitions.forEach((partition, index) => {
      const state = states[index]
      const fail = (reason: string) => outcomes.set(partition, this.fail(partition, 'Online', reason))
      if (state === undefined) fail(`LeaderAndIsr information doesn't exist for partition ${partition.name}`)
      else if (state instanceof Error) fail(state.message)
      else if (state.controllerEpoch > this.parts.context.epoch) {
        fail(`a controller of epoch ${state.controllerEpoch} has written its state`)
      } else found.push([partition, state.leaderAndIsr])
    })
    return found
  }

  /** Topics of partitions without a live member of the ISR, whose configuration allows another leader. */
  private async uncleanTopics(
    states: readonly (readonly [ControlledPartition, LeaderAndIsr])[],
  ): Promise<Set<string>> {
    const { context, zk, config } = this.parts
    const lost = states.filter(
      ([partition, { isr }]) => !isr.some((replica) => context.isReplicaOnline(replica, partition)),
    )
    const topics = [...new Set(lost.map(([{ topic }]) => topic))]
    const configs = await Promise.all(topics.map((topic) => zk.entityConfig('topics', topic)))
    return new Set(
      topics.filter((_, index) => {
        const value = configs[index]?.get('unclean.leader.election.enable')
        return value === undefined
          ? config.uncleanLeaderElectionEnable
          : value.trim().toLowerCase() === 'true'
      }),
    )
  }
}
