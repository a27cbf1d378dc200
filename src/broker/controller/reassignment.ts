import { ApiError } from '../api-error.ts'
import { ControllerMovedError, NO_LEADER, type ReplicaAssignment, type TopicPartition } from '../zk/index.ts'
import { type ControlledPartition, isReassignment, type ReplicaRef } from './context.ts'
import { newLeader, targetReplicas } from './election.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import {
  badTarget,
  deadTarget,
  isSameAssignment,
  lossOf,
  NOBODY,
  noSuchPartition,
  notInProgress,
  planReassignment,
  sameIds,
} from './reassignment-plan.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** What one partition's replicas are to be; null takes a reassignment back that is under way. */
export interface WantedReplicas extends TopicPartition {
  readonly replicas: readonly number[] | null
}

/** One for each partition that was asked about: null when its reassignment has begun. */
export type ReassignmentOutcome = TopicPartition & { readonly error: ApiError | null }

interface Move {
  readonly partition: ControlledPartition
  readonly next: ReplicaAssignment
}

const UNEXPECTED = new ApiError(
  'UNKNOWN_SERVER_ERROR',
  'The server experienced an unexpected error when processing the request.',
)

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
      const planned = planReassignment(current, target)
      const live = this.parts.context.liveBrokerIds()
      const bad = target === null ? null : (badTarget(target) ?? deadTarget(current, target, live))
      const refusal = bad ?? lossOf(found, planned)
      const next = refusal === null ? planned : null
      return { topic, partition, found, next, error: refusal ?? (next === null ? notInProgress() : null) }
    })
    // Whatever was asked for last holds.
    const taken = new Set(planned.filter(({ next }) => next !== null).map(nameOf))
    await this.withdraw((request) => taken.has(nameOf(request)))
    const errors = await this.begin(
      planned.flatMap(({ found, next }) => (found && next ? { partition: found, next } : [])),
    )
    return planned.map(({ topic, partition, found, error }) => {
      const outcome = error ?? (found === undefined ? noSuchPartition() : (errors.get(found) ?? null))
      return { topic, partition, error: outcome }
    })
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
    await this.goOn([...this.parts.context.reassigning].filter(isMeant))
  }

  /** With what is written down. */
  private async goOn(partitions: readonly ControlledPartition[]): Promise<void> {
    const moves = partitions.map((partition) => ({ partition, next: partition.assignment }))
    for (const group of byTopic(moves)) await this.advance(group)
  }

  /** Leaders have got these partitions a new ISR. */
  async isrChanged(partitions: readonly ControlledPartition[]): Promise<void> {
    const { reassigning } = this.parts.context
    const moving = partitions.filter((partition) => reassigning.has(partition))
    if (moving.length === 0) return
    const moves = moving.map((partition) => ({ partition, next: partition.assignment }))
    const done = await this.completed(moves)
    await this.goOn(moves.filter((move) => done.has(move)).map(({ partition }) => partition))
  }

  /** /admin/reassign_partitions is there. Resolves to the partitions whose reassignment has begun. */
  async processZnode(): Promise<Set<ControlledPartition>> {
    const { zk, context, watchers, logger } = this.parts
    if (!(await zk.watchReassignments(watchers.reassignments))) return new Set()
    const planned = (await zk.reassignments()).map(({ topic, partition: number, replicas }) => {
      const partition = context.partition(topic, number)
      const next = planReassignment(partition?.assignment ?? NOBODY, replicas)
      const error = badTarget(replicas) ?? lossOf(partition, next)
      return { topic, partition: number, found: partition, next, error }
    })
    const moves = planned.flatMap(({ found, next, error }) =>
      found && next && error === null ? { partition: found, next } : [],
    )
    const errors = await this.begin(moves)
    const failed = new Set<string>()
    for (const request of planned) {
      const { found } = request
      const error = request.error ?? (found === undefined ? noSuchPartition() : errors.get(found))
      if (error === undefined) continue
      failed.add(nameOf(request))
      logger.warn(`the reassignment of ${nameOf(request)} in ZooKeeper is refused: ${error.message}`)
    }
    if (failed.size > 0) await this.withdraw((request) => failed.has(nameOf(request)))
    return new Set(moves.map(({ partition }) => partition).filter((partition) => !errors.has(partition)))
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

  /** The errors of those that cannot be moved. The topics are independent of each other. */
  private async begin(moves: readonly Move[]): Promise<Map<ControlledPartition, ApiError>> {
    const { logger } = this.parts
    const errors = new Map<ControlledPartition, ApiError>()
    for (const group of byTopic(moves)) {
      const topic = group[0]?.partition.topic ?? ''
      try {
        if (this.deletion.isQueued(topic)) throw noSuchPartition()
        await this.advance(group)
      } catch (error) {
        if (error instanceof ControllerMovedError) throw error
        if (!(error instanceof ApiError)) logger.error(`cannot reassign partitions of ${topic}`, error)
        for (const { partition } of group)
          errors.set(partition, error instanceof ApiError ? error : UNEXPECTED)
      }
    }
    return errors
  }

  /** As far as it goes now. All are of one topic, whose znode is written once for them. */
  private async advance(moves: readonly Move[]): Promise<void> {
    const topic = moves[0]?.partition.topic ?? ''
    this.deletion.markIneligible([topic], 'its replicas are being reassigned')
    await this.update(topic, moves)
    const done = await this.completed(moves)
    const begun = moves.filter((move) => !done.has(move))
    if (done.size > 0) await this.finish(topic, [...done])
    if (begun.length === 0) return
    for (const { partition, next } of begun) {
      this.parts.logger.info(`moving ${partition.name} to ${targetReplicas(next).join(',')}`)
    }
    await this.announce(begun.map(({ partition }) => partition))
    const fresh = begun.flatMap(({ partition, next }) => refs(partition, next.addingReplicas))
    await this.replicas.change(
      fresh.filter(({ partition, replica }) => partition.replicaState(replica) === 'NonExistent'),
      'New',
    )
  }

  /** Znode first, then memory. What an earlier reassignment had begun to add and nobody wants any more is removed. */
  private async update(topic: string, moves: readonly Move[]): Promise<void> {
    const { reassigning } = this.parts.context
    const changed = moves.filter(({ partition, next }) => !isSameAssignment(partition.assignment, next))
    if (changed.length > 0) await this.write(topic, changed)
    const unneeded = changed.flatMap(({ partition, next }) => {
      const ids = partition.assignment.replicas.filter((id) => !next.replicas.includes(id))
      return refs(partition, ids)
    })
    for (const { partition, next } of changed) partition.assignment = next
    for (const { partition } of moves) reassigning.add(partition)
    await this.remove(unneeded)
  }

  private async write(name: string, changed: readonly Move[]): Promise<void> {
    const { zk, context } = this.parts
    const topic = context.topics.get(name)
    const partitions = new Map(
      [...(topic?.partitions ?? [])].map(([number, each]) => [number, each.assignment]),
    )
    for (const { partition, next } of changed) partitions.set(partition.partition, next)
    await zk.setTopicAssignment(name, { topicId: topic?.id, partitions }, context.epochZkVersion)
  }

  /** Those that have all target replicas in sync, or nothing to wait for. */
  private async completed(moves: readonly Move[]): Promise<Set<Move>> {
    const states = await this.parts.zk.partitionStates(moves.map(({ partition }) => partition))
    return new Set(
      moves.filter(({ next }, index) => {
        if (!isReassignment(next)) return true
        const state = states[index]
        if (state === undefined || state instanceof Error) return false
        return targetReplicas(next).every((id) => state.leaderAndIsr.isr.includes(id))
      }),
    )
  }

  private async finish(topic: string, moves: readonly Move[]): Promise<void> {
    const { context, batch, logger } = this.parts
    const partitions = moves.map(({ partition }) => partition)
    await this.replicas.change(
      moves.flatMap(({ partition, next }) => refs(partition, next.addingReplicas)),
      'Online',
    )
    for (const { partition, next } of moves) {
      partition.assignment = { replicas: targetReplicas(next), addingReplicas: [], removingReplicas: [] }
    }
    await this.moveLeaders(partitions)
    await this.remove(moves.flatMap(({ partition, next }) => refs(partition, next.removingReplicas)))
    await this.write(
      topic,
      partitions.map((partition) => ({ partition, next: partition.assignment })),
    )
    const reached = new Map(partitions.map((partition) => [partition.name, partition.assignment.replicas]))
    await this.withdraw((request) => sameIds(request.replicas ?? [], reached.get(nameOf(request)) ?? null))
    for (const partition of partitions) {
      context.reassigning.delete(partition)
      logger.info(`${partition.name} is on ${partition.assignment.replicas.join(',')} now`)
    }
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), partitions)
    batch.send()
    await this.deletion.resumeFor([topic])
  }

  /** A leader that goes or is dead gives way to a live target replica; one that stays hears of its replicas in a new epoch. */
  private async moveLeaders(partitions: readonly ControlledPartition[]): Promise<void> {
    const stays = (partition: ControlledPartition) => {
      const leader = partition.leadership?.leaderAndIsr.leader ?? NO_LEADER
      const isMember = partition.assignment.replicas.includes(leader)
      return isMember && this.parts.context.isReplicaOnline(leader, partition)
    }
    const staying = new Set(partitions.filter(stays))
    const going = partitions.filter((partition) => !staying.has(partition))
    await this.announce([...staying])
    await this.partitions.change(going, 'Online', 'reassignment')
  }

  /** Tells all replicas, in a new leader epoch, which replicas there are. */
  private async announce(partitions: readonly ControlledPartition[]): Promise<void> {
    const { batch } = this.parts
    for (const partition of await this.nextLeaderEpochs(partitions)) {
      const { replicas, addingReplicas } = partition.assignment
      const before = replicas.filter((id) => !addingReplicas.includes(id))
      batch.addLeaderAndIsr(before, partition, { isNew: false })
      batch.addLeaderAndIsr(addingReplicas, partition, { isNew: true })
    }
    batch.send()
  }

  /** Resolves to those that have one now; tried again where the leader changes the znode at the same time. */
  private async nextLeaderEpochs(partitions: readonly ControlledPartition[]): Promise<ControlledPartition[]> {
    const raised: ControlledPartition[] = []
    let remaining = partitions
    while (remaining.length > 0) remaining = await this.raiseLeaderEpochs(remaining, raised)
    return raised
  }

  private async raiseLeaderEpochs(
    partitions: readonly ControlledPartition[],
    raised: ControlledPartition[],
  ): Promise<ControlledPartition[]> {
    const { zk, context, logger } = this.parts
    const states = await zk.partitionStates(partitions)
    const updates = partitions.flatMap((of, index) => {
      const state = states[index]
      if (state === undefined || state instanceof Error) {
        logger.error(`cannot read the state of ${of.name}`, state)
        return []
      }
      if (state.controllerEpoch > context.epoch) {
        throw new ControllerMovedError(
          `a controller of epoch ${state.controllerEpoch} has written the state of ${of.name}`,
        )
      }
      const { leaderAndIsr: current } = state
      const leaderAndIsr = newLeader(current, current.leader, current.isr)
      return { topic: of.topic, partition: of.partition, leaderAndIsr, of }
    })
    const results = await zk.updatePartitionStates(updates, context.epoch, context.epochZkVersion)
    const again: ControlledPartition[] = []
    updates.forEach(({ of }, index) => {
      const written = results[index]
      if (written === null || written === undefined) again.push(of)
      else if (written instanceof Error) logger.error(`cannot write the state of ${of.name}`, written)
      else {
        of.leadership = { leaderAndIsr: written, controllerEpoch: context.epoch }
        raised.push(of)
      }
    })
    return again
  }

  /** Out of the ISR, stopped, and deleted from disk. Nobody waits for the last: the broker may be down for good. */
  private async remove(removed: readonly ReplicaRef[]): Promise<void> {
    for (const state of ['Offline', 'DeletionStarted', 'DeletionSuccessful', 'NonExistent'] as const) {
      await this.replicas.change(removed, state)
    }
  }
}

function byTopic(moves: readonly Move[]): Move[][] {
  const groups = new Map<string, Move[]>()
  for (const move of moves) {
    const group = groups.get(move.partition.topic)
    if (group === undefined) groups.set(move.partition.topic, [move])
    else group.push(move)
  }
  return [...groups.values()]
}

function refs(partition: ControlledPartition, replicas: readonly number[]): ReplicaRef[] {
  return replicas.map((replica) => ({ partition, replica }))
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
