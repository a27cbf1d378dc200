import type { Random } from '../../base/random.ts'
import { randomUuid } from '../../base/uuid.ts'
import type { TopicAssignment } from '../zk/index.ts'
import type { ControlledPartition } from './context.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ControllerParts } from './parts.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** What the controller does when topics are made, get more partitions, or are to be deleted. */
export class TopicEvents {
  private readonly parts: ControllerParts
  private readonly random: Random
  private readonly partitions: PartitionStates
  private readonly replicas: ReplicaStates
  private readonly deletion: TopicDeletion

  constructor(
    parts: ControllerParts,
    random: Random,
    partitions: PartitionStates,
    replicas: ReplicaStates,
    deletion: TopicDeletion,
  ) {
    this.parts = parts
    this.random = random
    this.partitions = partitions
    this.replicas = replicas
    this.deletion = deletion
  }

  /** The children of /brokers/topics have changed. */
  async processTopicChange(): Promise<void> {
    const { zk, context, watchers } = this.parts
    const names = new Set(await zk.topicNames(watchers.topics))
    const deleted = [...context.topics.keys()].filter((name) => !names.has(name))
    const added = [...names].filter((name) => !context.topics.has(name))
    const assignments = await this.readAssignments(added)
    for (const name of deleted) context.removeTopic(name)
    await this.onNewPartitions(this.takeOver(assignments))
  }

  /** With a watch on each topic. Topics of a Kafka before 2.8 are given an id. */
  async readAssignments(topics: readonly string[]): Promise<Map<string, TopicAssignment>> {
    const { zk, context, watchers } = this.parts
    const assignments = await zk.topicAssignments(topics, watchers.topic)
    const withoutId = [...assignments].filter(([, assignment]) => assignment.topicId === undefined)
    await Promise.all(
      withoutId.map(async ([topic, { partitions }]) => {
        const assignment = { topicId: randomUuid(this.random), partitions }
        await zk.setTopicAssignment(topic, assignment, context.epochZkVersion)
        assignments.set(topic, assignment)
      }),
    )
    return assignments
  }

  /** Puts topics into the context and returns their partitions. */
  takeOver(assignments: ReadonlyMap<string, TopicAssignment>): ControlledPartition[] {
    const { context } = this.parts
    return [...assignments].flatMap(([name, assignment]) => {
      const topic = context.addTopic(name)
      if (assignment.topicId !== undefined) context.setTopicId(topic, assignment.topicId)
      return context.addPartitions(topic, assignment)
    })
  }

  private async onNewPartitions(partitions: readonly ControlledPartition[]): Promise<void> {
    const { context } = this.parts
    await this.partitions.change(partitions, 'New')
    await this.replicas.change(context.replicasOf(partitions), 'New')
    await this.partitions.change(partitions, 'Online')
    await this.replicas.change(context.replicasOf(partitions), 'Online')
  }

  /** A topic's znode has changed: it has more partitions, or its replicas are being reassigned. */
  async processPartitionChange(name: string): Promise<void> {
    const { zk, context, watchers, logger } = this.parts
    const topic = context.topics.get(name)
    if (topic === undefined) return
    const assignment = (await zk.topicAssignments([name], watchers.topic)).get(name)
    if (assignment === undefined) return
    const hasMore = [...assignment.partitions.keys()].some((number) => !topic.partitions.has(number))
    if (!hasMore) return
    if (!this.deletion.isQueued(name)) {
      await this.onNewPartitions(context.addPartitions(topic, assignment))
      return
    }
    logger.warn(`topic ${name} gets no more partitions since it is being deleted`)
    const partitions = new Map(
      [...topic.partitions].map(([number, each]) => [number, each.assignment] as const),
    )
    await zk.setTopicAssignment(name, { topicId: topic.id, partitions }, context.epochZkVersion)
  }

  /** The children of /admin/delete_topics have changed. */
  async processTopicDeletion(): Promise<void> {
    const { zk, context, watchers, config, logger } = this.parts
    const wanted = await zk.topicDeletions(watchers.topicDeletions)
    const unknown = wanted.filter((name) => !context.topics.has(name))
    if (unknown.length > 0) {
      logger.warn(`not deleting topics that do not exist: ${unknown.join(', ')}`)
      await zk.deleteTopicDeletions(unknown, context.epochZkVersion)
    }
    const topics = wanted.filter((name) => context.topics.has(name))
    if (topics.length === 0) return
    if (!config.deleteTopicEnable) {
      logger.info(`not deleting ${topics.join(', ')}: delete.topic.enable is off`)
      await zk.deleteTopicDeletions(topics, context.epochZkVersion)
      return
    }
    const reassigned = topics.filter((name) =>
      context.partitionsOf([name]).some((partition) => partition.isBeingReassigned),
    )
    await this.deletion.enqueue(topics.filter((name) => !reassigned.includes(name)))
    for (const name of reassigned) context.topicsToBeDeleted.add(name)
    this.deletion.markIneligible(reassigned, 'its replicas are being reassigned')
  }

  /** Brokers older than 2.7 change ISRs themselves and leave a notice. */
  async processIsrChange(): Promise<void> {
    const { zk, context, watchers, batch } = this.parts
    const names = await zk.isrChanges(watchers.isrChanges)
    if (names.length === 0) return
    const changed = await zk.partitionsOfIsrChanges(names)
    const partitions = changed.flatMap(({ topic, partition }) => context.partition(topic, partition) ?? [])
    const states = await zk.partitionStates(partitions)
    partitions.forEach((partition, index) => {
      const state = states[index]
      if (state !== undefined && !(state instanceof Error)) partition.leadership = state
    })
    batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), partitions)
    batch.send()
    await zk.deleteIsrChanges(names, context.epochZkVersion)
  }
}
