import { ApiError } from '../api-error.ts'
import { ControllerMovedError, type ReplicaAssignment, type TopicPartition } from '../zk/index.ts'
import { type ControlledPartition, isReassignment, type ReplicaRef } from './context.ts'
import { newLeader, targetReplicas } from './election.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** What one partition's replicas are to be; null takes a reassignment back that is under way. */
export interface WantedReplicas extends TopicPartition {
  readonly replicas: readonly number[] | null
}

/** One for each partition that was asked about: null when its reassignment has begun. */
export type ReassignmentOutcome = TopicPartition & { readonly error: ApiError | null }

const NO_SUCH_PARTITION = 'The partition does not exist.'
const NOBODY: ReplicaAssignment = { replicas: [], addingReplicas: [], removingReplicas: [] }

/**
 * Moves partitions to other replicas (KIP-455, KafkaController.onPartitionReassignment). An assignment on its way names old
 * and new replicas, and which of them come and go, in the topic's znode: whoever comes into office next goes on with it.
 *
 * Phase A makes the new replicas and lets them catch up. Once all target replicas are in the ISR, phase B makes one of
 * them leader, stops and deletes those that go, and writes the target as the assignment.
 */
export class Reassignments {
  private readonly parts: ControllerParts
  private readonly partitions: PartitionStates
  private readonly replicas: ReplicaStates
  private readonly deletion: TopicDeletion

  constructor(
    parts: ControllerParts,
    partitions: PartitionStates,
    replicas: ReplicaStates,
    deletion: TopicDeletion,
  ) {
    this.parts = parts
    this.partitions = partitions
    this.replicas = replicas
    this.deletion = deletion
  }

  /** By request. Outcomes are in the order of what was wanted. */
  async alter(wanted: readonly WantedReplicas[]): Promise<ReassignmentOutcome[]> {
    const planned = wanted.map(({ topic, partition, replicas }) => {
      const found = this.parts.context.partition(topic, partition)
      const current = found?.assignment ?? NOBODY
      const target = replicas
      const planned = plan(current, target)
      const refusal = (target === null ? null : this.refusal(current, target)) ?? lossOf(found, planned)
      const next = refusal === null ? planned : null
      return { topic, partition, found, next, error: refusal ?? (next === null ? notInProgress() : null) }
    })
    // Whatever was asked for last holds.
    const taken = new Set(planned.filter(({ next }) => next !== null).map(nameOf))
    await this.withdraw((request) => taken.has(nameOf(request)))
    const outcomes: ReassignmentOutcome[] = []
    for (const { topic, partition, found, next, error } of planned) {
      outcomes.push({ topic, partition, error: error ?? (next && (await this.begin(topic, found, next))) })
    }
    return outcomes
  }

  /** Those of the partitions that are on their way; all of them when null. */
  list(wanted: readonly TopicPartition[] | null): ControlledPartition[] {
    const { context } = this.parts
    const partitions =
      wanted === null
        ? [...context.reassigning]
        : wanted.flatMap(({ topic, partition }) => context.partition(topic, partition) ?? [])
    return [...new Set(partitions)].filter((partition) => partition.isBeingReassigned)
  }

  /** When this controller comes into office: what the one before had begun, and what waits in the znode of old. */
  async takeOver(): Promise<void> {
    const begun = await this.processZnode()
    await this.resume((partition) => !begun.has(partition))
  }

  /** These brokers are back: what waited for them goes on. */
  async resumeFor(brokers: ReadonlySet<number>): Promise<void> {
    await this.resume(({ assignment }) => targetReplicas(assignment).some((id) => brokers.has(id)))
  }

  private async resume(isMeant: (partition: ControlledPartition) => boolean): Promise<void> {
    for (const partition of [...this.parts.context.reassigning]) {
      if (isMeant(partition)) await this.advance(partition, partition.assignment)
    }
  }

  /** A leader has got these partitions a new ISR. */
  async isrChanged(partitions: readonly ControlledPartition[]): Promise<void> {
    const { reassigning } = this.parts.context
    for (const partition of partitions) {
      if (!reassigning.has(partition)) continue
      if (await this.isComplete(partition, partition.assignment)) {
        await this.advance(partition, partition.assignment)
      }
    }
  }

  /** /admin/reassign_partitions is there. Resolves to the partitions whose reassignment has begun. */
  async processZnode(): Promise<Set<ControlledPartition>> {
    const { zk, context, watchers, logger } = this.parts
    const begun = new Set<ControlledPartition>()
    if (!(await zk.watchReassignments(watchers.reassignments))) return begun
    const failed = new Set<string>()
    for (const { topic, partition: number, replicas } of await zk.reassignments()) {
      const partition = context.partition(topic, number)
      const next = plan(partition?.assignment ?? NOBODY, replicas)
      const refusal = lossOf(partition, next) ?? (next === null ? notInProgress() : null)
      const error = refusal ?? (next && (await this.begin(topic, partition, next)))
      if (error === null && partition !== undefined) begun.add(partition)
      else {
        const name = `${topic}-${number}`
        failed.add(name)
        logger.warn(`the reassignment of ${name} in ZooKeeper is refused: ${error?.message}`)
      }
    }
    if (failed.size > 0) await this.withdraw((request) => failed.has(nameOf(request)))
    return begun
  }

  /** Takes requests out of the znode of old. */
  private async withdraw(isDone: (request: WantedReplicas) => boolean): Promise<void> {
    const { zk, context, watchers } = this.parts
    if (!(await zk.watchReassignments(watchers.reassignments))) return
    const requests = await zk.reassignments()
    const left = requests.filter((request) => !isDone(request))
    if (left.length < requests.length || left.length === 0) {
      await zk.setReassignments(left, context.epochZkVersion)
    }
  }

  private refusal(current: ReplicaAssignment, target: readonly number[]): ApiError | null {
    const refuse = (message: string) => new ApiError('INVALID_REPLICA_ASSIGNMENT', message)
    if (target.length === 0) return refuse('Empty replica list specified in partition reassignment.')
    if (new Set(target).size !== target.length) {
      return refuse(`Duplicate replica ids in partition reassignment replica list: ${scalaBuffer(target)}`)
    }
    if (target.some((id) => id < 0))
      return refuse(`Invalid broker id in replica list: ${scalaBuffer(target)}`)
    const { addingReplicas } = reassignTo(current, target)
    const live = this.parts.context.liveBrokerIds()
    if (addingReplicas.every((id) => live.includes(id))) return null
    return refuse(
      `Replica assignment has brokers that are not alive. Replica list: ${scalaBuffer(addingReplicas)}, ` +
        `live broker list: Set(${live.join(', ')})`,
    )
  }

  private async begin(
    topic: string,
    partition: ControlledPartition | undefined,
    next: ReplicaAssignment,
  ): Promise<ApiError | null> {
    const { logger } = this.parts
    const isThere = partition !== undefined && partition.assignment.replicas.length > 0
    if (!isThere || this.deletion.isQueued(topic)) {
      return new ApiError('UNKNOWN_TOPIC_OR_PARTITION', NO_SUCH_PARTITION)
    }
    try {
      await this.advance(partition, next)
      return null
    } catch (error) {
      if (error instanceof ControllerMovedError) throw error
      logger.error(`cannot reassign ${partition.name}`, error)
      return new ApiError(
        'UNKNOWN_SERVER_ERROR',
        'The server experienced an unexpected error when processing the request.',
      )
    }
  }

  /** As far as it goes now. */
  private async advance(partition: ControlledPartition, next: ReplicaAssignment): Promise<void> {
    this.deletion.markIneligible([partition.topic], 'its replicas are being reassigned')
    await this.update(partition, next)
    if (await this.isComplete(partition, next)) await this.complete(partition, next)
    else {
      this.parts.logger.info(`moving ${partition.name} to ${targetReplicas(next).join(',')}`)
      await this.announce(partition)
      const fresh = refs(partition, next.addingReplicas)
      await this.replicas.change(
        fresh.filter(({ replica }) => partition.replicaState(replica) === 'NonExistent'),
        'New',
      )
    }
  }

  /** Znode first, then memory. What an earlier reassignment had begun to add and nobody wants any more is removed. */
  private async update(partition: ControlledPartition, next: ReplicaAssignment): Promise<void> {
    const { assignment: current } = partition
    const { reassigning } = this.parts.context
    if (isSame(current, next)) {
      reassigning.add(partition)
      return
    }
    await this.write(partition, next)
    partition.assignment = next
    reassigning.add(partition)
    await this.remove(
      partition,
      current.replicas.filter((id) => !next.replicas.includes(id)),
    )
  }

  private async write(partition: ControlledPartition, next: ReplicaAssignment): Promise<void> {
    const { zk, context } = this.parts
    const topic = context.topics.get(partition.topic)
    const partitions = new Map(
      [...(topic?.partitions ?? [])].map(([number, each]) => [number, each.assignment]),
    )
    partitions.set(partition.partition, next)
    await zk.setTopicAssignment(partition.topic, { topicId: topic?.id, partitions }, context.epochZkVersion)
  }

  private async isComplete(partition: ControlledPartition, assignment: ReplicaAssignment): Promise<boolean> {
    if (!isReassignment(assignment)) return true
    const [state] = await this.parts.zk.partitionStates([partition])
    if (state === undefined || state instanceof Error) return false
    return targetReplicas(assignment).every((id) => state.leaderAndIsr.isr.includes(id))
  }

  private async complete(partition: ControlledPartition, reached: ReplicaAssignment): Promise<void> {
    const { context, batch, logger } = this.parts
    const { addingReplicas, removingReplicas } = reached
    await this.replicas.change(refs(partition, addingReplicas), 'Online')
    const done = { replicas: targetReplicas(reached), addingReplicas: [], removingReplicas: [] }
    partition.assignment = done
    await this.moveLeader(partition)
    await this.remove(partition, removingReplicas)
    await this.write(partition, done)
    await this.withdraw(
      ({ topic, partition: number, replicas }) =>
        topic === partition.topic && number === partition.partition && sameIds(replicas ?? [], done.replicas),
    )
    context.reassigning.delete(partition)
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [partition])
    batch.send()
    logger.info(`${partition.name} is on ${done.replicas.join(',')} now`)
    await this.deletion.resumeFor([partition.topic])
  }

  /** A leader that goes or is dead gives way to a live target replica; one that stays hears of its replicas in a new epoch. */
  private async moveLeader(partition: ControlledPartition): Promise<void> {
    const leader = partition.leadership?.leaderAndIsr.leader ?? -1
    const stays = partition.assignment.replicas.includes(leader)
    if (stays && this.parts.context.isReplicaOnline(leader, partition)) await this.announce(partition)
    else await this.partitions.change([partition], 'Online', 'reassignment')
  }

  /** Tells all replicas, in a new leader epoch, which replicas there are. */
  private async announce(partition: ControlledPartition): Promise<void> {
    const { batch } = this.parts
    if (!(await this.nextLeaderEpoch(partition))) return
    const { replicas, addingReplicas } = partition.assignment
    const before = replicas.filter((id) => !addingReplicas.includes(id))
    batch.addLeaderAndIsr(before, partition, { isNew: false })
    batch.addLeaderAndIsr(addingReplicas, partition, { isNew: true })
    batch.send()
  }

  private async nextLeaderEpoch(partition: ControlledPartition): Promise<boolean> {
    const { zk, context, logger } = this.parts
    for (;;) {
      const [state] = await zk.partitionStates([partition])
      if (state === undefined || state instanceof Error) {
        logger.error(`cannot read the state of ${partition.name}`, state)
        return false
      }
      if (state.controllerEpoch > context.epoch) {
        throw new ControllerMovedError(
          `a controller of epoch ${state.controllerEpoch} has written the state of ${partition.name}`,
        )
      }
      const { leaderAndIsr: current } = state
      const leaderAndIsr = newLeader(current, current.leader, current.isr)
      const update = { topic: partition.topic, partition: partition.partition, leaderAndIsr }
      const [written] = await zk.updatePartitionStates([update], context.epoch, context.epochZkVersion)
      // Its leader has changed it meanwhile.
      if (written === null || written === undefined) continue
      if (written instanceof Error) {
        logger.error(`cannot write the state of ${partition.name}`, written)
        return false
      }
      partition.leadership = { leaderAndIsr: written, controllerEpoch: context.epoch }
      return true
    }
  }

  /** Out of the ISR, stopped, and deleted from disk. Nobody waits for the last: the broker may be down for good. */
  private async remove(partition: ControlledPartition, replicas: readonly number[]): Promise<void> {
    const removed = refs(partition, replicas)
    for (const state of ['Offline', 'DeletionStarted', 'DeletionSuccessful', 'NonExistent'] as const) {
      await this.replicas.change(removed, state)
    }
  }
}

/** ReplicaAssignment.reassignTo: the target first, then what is there and goes. */
export function reassignTo(current: ReplicaAssignment, target: readonly number[]): ReplicaAssignment {
  const origin = originReplicas(current)
  const replicas = [...new Set([...target, ...origin])]
  return {
    replicas,
    addingReplicas: replicas.filter((id) => !origin.includes(id)),
    removingReplicas: replicas.filter((id) => !target.includes(id)),
  }
}

function originReplicas({ replicas, addingReplicas }: ReplicaAssignment): readonly number[] {
  return replicas.filter((id) => !addingReplicas.includes(id))
}

/** Null when there is nothing to take back. */
function plan(current: ReplicaAssignment, target: readonly number[] | null): ReplicaAssignment | null {
  if (target !== null) return reassignTo(current, target)
  return isReassignment(current) ? reassignTo(current, originReplicas(current)) : null
}

/**
 * When only new replicas are in sync, taking them away would delete the last copy of what was acknowledged. Apache Kafka
 * does so in ZooKeeper mode, and refuses it in KRaft mode with these words.
 */
function lossOf(partition: ControlledPartition | undefined, next: ReplicaAssignment | null): ApiError | null {
  const isr = partition?.leadership?.leaderAndIsr.isr ?? []
  if (partition === undefined || next === null || isr.length === 0) return null
  if (isr.some((id) => next.replicas.includes(id))) return null
  const { topic, partition: number } = partition
  return new ApiError(
    'INVALID_REPLICA_ASSIGNMENT',
    `Unable to revert partition assignment for ${topic}:${number} because it would require an unclean leader election.`,
  )
}

function notInProgress(): ApiError {
  return new ApiError('NO_REASSIGNMENT_IN_PROGRESS', 'No partition reassignment is in progress.')
}

function refs(partition: ControlledPartition, replicas: readonly number[]): ReplicaRef[] {
  return replicas.map((replica) => ({ partition, replica }))
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at])
}

function isSame(a: ReplicaAssignment, b: ReplicaAssignment): boolean {
  return (
    sameIds(a.replicas, b.replicas) &&
    sameIds(a.addingReplicas, b.addingReplicas) &&
    sameIds(a.removingReplicas, b.removingReplicas)
  )
}

/** As Scala shows the list that Kafka has here. */
function scalaBuffer(ids: readonly number[]): string {
  return `ArrayBuffer(${ids.join(', ')})`
}
