import type { ControlledPartition, ReplicaRef } from './context.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import type { ReplicaStates } from './replica-states.ts'

/**
 * Deletes topics (kafka.controller.TopicDeletionManager): all brokers forget the topic, its replicas are stopped and
 * removed from disk, and when every replica is gone the znodes go too. A broker that is down holds up the deletion of the
 * topics it has replicas of until it comes back.
 */
export class TopicDeletion {
  private readonly parts: ControllerParts
  private readonly partitions: PartitionStates
  private readonly replicas: ReplicaStates

  constructor(parts: ControllerParts, partitions: PartitionStates, replicas: ReplicaStates) {
    this.parts = parts
    this.partitions = partitions
    this.replicas = replicas
  }

  private get isEnabled(): boolean {
    return this.parts.config.deleteTopicEnable
  }

  /** What was asked for before this controller came into office. */
  async init(topics: readonly string[]): Promise<void> {
    const { context, zk, logger } = this.parts
    if (!this.isEnabled) {
      if (topics.length > 0) logger.info(`not deleting ${topics.join(', ')}: delete.topic.enable is off`)
      await zk.deleteTopicDeletions(topics, context.epochZkVersion)
      return
    }
    for (const topic of topics) {
      context.topicsToBeDeleted.add(topic)
      const isHeldUp = context
        .partitionsOf([topic])
        .some(
          (partition) =>
            partition.isBeingReassigned ||
            partition.assignment.replicas.some((replica) => !context.isReplicaOnline(replica, partition)),
        )
      if (isHeldUp) context.topicsIneligibleForDeletion.add(topic)
    }
  }

  /** Whether a deletion is going on that nothing holds up. */
  get isUnderWay(): boolean {
    const { topicsToBeDeleted, topicsIneligibleForDeletion } = this.parts.context
    return [...topicsToBeDeleted].some((topic) => !topicsIneligibleForDeletion.has(topic))
  }

  isQueued(topic: string): boolean {
    return this.isEnabled && this.parts.context.topicsToBeDeleted.has(topic)
  }

  async enqueue(topics: readonly string[]): Promise<void> {
    if (!this.isEnabled) return
    for (const topic of topics) this.parts.context.topicsToBeDeleted.add(topic)
    await this.resume()
  }

  /** Something has changed that may let these topics go on: a broker has come back, a reassignment is over. */
  async resumeFor(topics: Iterable<string>): Promise<void> {
    if (!this.isEnabled) return
    const { topicsToBeDeleted, topicsIneligibleForDeletion, reassigning } = this.parts.context
    const moving = new Set([...reassigning].map(({ topic }) => topic))
    const queued = [...new Set(topics)].filter((topic) => topicsToBeDeleted.has(topic) && !moving.has(topic))
    if (queued.length === 0) return
    for (const topic of queued) topicsIneligibleForDeletion.delete(topic)
    await this.resume()
  }

  /** These replicas could not be deleted, or their broker died. */
  async failReplicas(replicas: readonly ReplicaRef[]): Promise<void> {
    if (!this.isEnabled) return
    const failed = replicas.filter(({ partition }) => this.isQueued(partition.topic))
    if (failed.length === 0) return
    await this.replicas.change(failed, 'DeletionIneligible')
    this.markIneligible(
      failed.map(({ partition }) => partition.topic),
      'a replica could not be deleted',
    )
    await this.resume()
  }

  async completeReplicas(replicas: readonly ReplicaRef[]): Promise<void> {
    const deleted = replicas.filter(({ partition }) => this.isQueued(partition.topic))
    await this.replicas.change(deleted, 'DeletionSuccessful')
    await this.resume()
  }

  markIneligible(topics: Iterable<string>, reason: string): void {
    const { context, logger } = this.parts
    for (const topic of new Set(topics)) {
      if (!this.isQueued(topic) || context.topicsIneligibleForDeletion.has(topic)) continue
      context.topicsIneligibleForDeletion.add(topic)
      logger.info(`the deletion of topic ${topic} has to wait: ${reason}`)
    }
  }

  async resume(): Promise<void> {
    if (!this.isEnabled) return
    const { context } = this.parts
    const retry: string[] = []
    const start: string[] = []
    for (const topic of [...context.topicsToBeDeleted]) {
      const states = this.replicaStatesOf(topic)
      const all = (state: string) => states.every((each) => each === state)
      const any = (state: string) => states.includes(state)
      if (all('DeletionSuccessful')) {
        await this.complete(topic)
        continue
      }
      if (any('DeletionStarted')) continue
      if (any('DeletionIneligible')) retry.push(topic)
      if (!context.topicsIneligibleForDeletion.has(topic)) start.push(topic)
    }
    const failed = retry.flatMap((topic) => context.replicasInState(topic, 'DeletionIneligible'))
    await this.replicas.change(failed, 'Offline')
    if (start.length > 0) await this.start(start)
  }

  private replicaStatesOf(topic: string): string[] {
    const { context } = this.parts
    return context
      .replicasOf(context.partitionsOf([topic]))
      .map(({ partition, replica }) => partition.replicaState(replica))
  }

  private async complete(topic: string): Promise<void> {
    const { context, zk, logger } = this.parts
    await this.replicas.change(context.replicasInState(topic, 'DeletionSuccessful'), 'NonExistent')
    await zk.deleteTopic(topic, context.epochZkVersion)
    context.removeTopic(topic)
    logger.info(`topic ${topic} is deleted`)
  }

  private async start(topics: readonly string[]): Promise<void> {
    const { context, batch } = this.parts
    const unseen = topics.filter((topic) => !context.topicsWithDeletionStarted.has(topic))
    const partitions = context.partitionsOf(unseen)
    await this.partitions.change(partitions, 'Offline')
    await this.partitions.change(partitions, 'NonExistent')
    for (const topic of unseen) context.topicsWithDeletionStarted.add(topic)
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), context.partitionsOf(topics))
    batch.send()
    await this.stopReplicas(topics)
  }

  /** Replicas on dead brokers are set aside; all others are stopped, then deleted. */
  private async stopReplicas(topics: readonly string[]): Promise<void> {
    const { context } = this.parts
    const dead: ReplicaRef[] = []
    const alive: ReplicaRef[] = []
    for (const ref of context.replicasOf(context.partitionsOf(topics))) {
      const { partition, replica } = ref
      if (!context.isReplicaOnline(replica, partition)) dead.push(ref)
      else if (partition.replicaState(replica) !== 'DeletionSuccessful') alive.push(ref)
    }
    await this.replicas.change(dead, 'DeletionIneligible')
    await this.replicas.change(alive, 'Offline')
    await this.replicas.change(alive, 'DeletionStarted')
    this.markIneligible(
      dead.map(({ partition }: { partition: ControlledPartition }) => partition.topic),
      'a broker with replicas of it is down',
    )
  }
}
