import type { CreatedTopic, NewTopic } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { reportItems } from '../report-items.ts'

export interface CreateTopicsOptions {
  readonly names: readonly string[]
  readonly partitions: number | undefined
  readonly replicationFactor: number | undefined
  readonly replicaAssignment: readonly (readonly number[])[] | undefined
  readonly configs: ReadonlyMap<string, string>
  readonly ifNotExists: boolean
  readonly dryRun: boolean
}

/** Creates each topic, or says why not; one that fails does not stop the others. */
export async function createTopics(context: CommandContext, options: CreateTopicsOptions): Promise<number> {
  const topics = options.names.map((name) => newTopic(name, options))
  warnAboutNames(context, options.names)
  const { admin } = await context.target()
  const created = await admin.createTopics(topics, {
    validateOnly: options.dryRun,
    timeoutMs: context.timeoutMs,
  })
  const isFine = (topic: CreatedTopic) =>
    topic.error === null || (options.ifNotExists && topic.error.errorName === 'TOPIC_ALREADY_EXISTS')
  await reportItems(context, created, {
    status: (topic) => {
      if (topic.error !== null) return isFine(topic) ? 'exists' : 'failed'
      return options.dryRun ? 'valid' : 'created'
    },
    sentence: (topic, status) => {
      if (status === 'exists') return `Topic ${topic.name} exists already.`
      return status === 'valid' ? `Topic ${topic.name} could be created.` : `Created topic ${topic.name}.`
    },
    data: (topic) => ({
      topicId: topic.topicId,
      partitions: topic.numPartitions,
      replicationFactor: topic.replicationFactor,
    }),
  })
  return created.every(isFine) ? EXIT.done : EXIT.failed
}

function newTopic(name: string, options: CreateTopicsOptions): NewTopic {
  const { partitions, replicationFactor, replicaAssignment, configs } = options
  if (replicaAssignment !== undefined && (partitions !== undefined || replicationFactor !== undefined)) {
    throw new UsageError(
      '--replica-assignment says it all: it excludes --partitions and --replication-factor',
    )
  }
  return {
    name,
    ...(partitions !== undefined && { numPartitions: partitions }),
    ...(replicationFactor !== undefined && { replicationFactor }),
    ...(replicaAssignment !== undefined && { replicaAssignment }),
    configs: Object.fromEntries(configs),
  }
}

/** As kafka-topics warns: in metric names `.` and `_` are the same, so such topics can collide there. */
function warnAboutNames(context: CommandContext, names: readonly string[]): void {
  if (!names.some((name) => /^[\w.-]*[._][\w.-]*$/.test(name) && !/^\.{1,2}$/.test(name))) return
  context.out.warn(
    "topics whose names differ only in '.' and '_' collide in metrics; use one of them, not both",
  )
}

/** Kafka's grammar: `0:1,1:2` is partition 0 on brokers 0 and 1, partition 1 on brokers 1 and 2. */
export function parseReplicaAssignment(text: string): number[][] {
  const partitions = text.split(',').map((partition) =>
    partition.split(':').map((word) => {
      const broker = /^\s*\d{1,9}\s*$/.test(word) ? Number(word) : -1
      if (broker < 0) throw new UsageError(`--replica-assignment has '${word}' where a broker id is wanted`)
      return broker
    }),
  )
  const counts = new Set(partitions.map((brokers) => brokers.length))
  if (counts.size > 1)
    throw new UsageError('--replica-assignment gives partitions different numbers of replicas')
  partitions.forEach((brokers, i) => {
    if (new Set(brokers).size < brokers.length)
      throw new UsageError(`--replica-assignment names a broker twice for partition ${i}`)
  })
  return partitions
}
