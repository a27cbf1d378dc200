import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { randomUuid, ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, SharedList } from '../../protocol/index.ts'
import type {
  CreateTopicsRequest,
  CreateTopicsResponseInput,
} from '../../protocol/messages/19-create-topics.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponseInput,
} from '../../protocol/messages/37-create-partitions.ts'
import { isZooKeeperError } from '../../zookeeper/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { isValidTopicName, validateTopicName } from '../topic-names.ts'
import type { KafkaZkClient, TopicAssignment } from '../zk/index.ts'
import {
  assignReplicas,
  type Replicas,
  settled,
  validateNewReplicas,
  validateTopicReplicas,
} from './assignment.ts'
import type { KafkaController } from './kafka-controller.ts'
import { TopicWaiter } from './topic-waiter.ts'

type NewTopic = CreateTopicsRequest['topics'][number]
type TopicResult = NonNullable<CreateTopicsResponseInput['topics']>[number]
type TopicConfigs = NonNullable<TopicResult['configs']>
type NewPartitions = CreatePartitionsRequest['topics'][number]
type PartitionsResult = NonNullable<CreatePartitionsResponseInput['results']>[number]

export interface TopicAdminOptions {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly zk: KafkaZkClient
  readonly metadataCache: MetadataCache
  readonly controller: KafkaController
  readonly config: { readonly numPartitions: number; readonly defaultReplicationFactor: number }
  /** Throws an ApiError in Kafka's words. */
  readonly validateConfigs: (entries: ReadonlyMap<string, string | null>) => void
  /** All configurations of a topic that has these of its own, as CreateTopics answers them. */
  readonly describeConfigs: (own: ReadonlyMap<string, string>) => TopicConfigs
}

/** A topic that may be created: everything about it has been checked. */
interface Creatable {
  readonly assignment: TopicAssignment
  readonly config: ReadonlyMap<string, string>
}

/** -1 in a request: the broker's default. */
const DEFAULT = -1
const METADATA_TOPIC = '__cluster_metadata'

/**
 * Topics on behalf of clients, on the broker that is the controller (kafka.server.ZkAdminManager): requests are checked,
 * the znodes written, and the answer waits until this broker has heard of the result from the controller.
 */
export class TopicAdmin {
  private readonly options: TopicAdminOptions
  private readonly waiter: TopicWaiter
  /** Two requests must not both add what they found missing. */
  private readonly partitionChanges = new SerialQueue()

  constructor(options: TopicAdminOptions) {
    this.options = options
    this.waiter = new TopicWaiter(options.clock, options.metadataCache)
  }

  /** One result for each topic of the request, in its order. */
  async createTopics(request: CreateTopicsRequest): Promise<TopicResult[]> {
    const { topics, timeoutMs, validateOnly } = request
    if (!(await this.options.controller.isInOffice())) {
      return topics.map(({ name }) => ({ name, errorCode: ERROR_CODES.NOT_CONTROLLER }))
    }
    const failures = new Map<string, ApiError>()
    const isRepeated = repeated(topics.map(({ name }) => name))
    for (const { name } of topics) {
      if (name === METADATA_TOPIC) {
        const message = `Creation of internal topic ${METADATA_TOPIC} is prohibited.`
        failures.set(name, new ApiError('INVALID_REQUEST', message))
      } else if (isRepeated(name)) {
        failures.set(name, new ApiError('INVALID_REQUEST', 'Found multiple entries for this topic.'))
      }
    }
    const creatable = await this.check(
      topics.filter(({ name }) => !failures.has(name)),
      failures,
    )
    if (!validateOnly) {
      await this.create(creatable, failures)
      const partitions = new Map(
        [...creatable]
          .filter(([name]) => !failures.has(name))
          .map(([name, { assignment }]) => [name, assignment.partitions.keys()] as const),
      )
      const late = timeoutMs > 0 ? await this.waiter.leaders(partitions, timeoutMs) : partitions.keys()
      for (const name of late) failures.set(name, new ApiError('REQUEST_TIMED_OUT'))
    }
    const configsOf = this.configDescriptions()
    return topics.map(({ name }) => {
      const failure = failures.get(name)
      if (failure !== undefined) {
        // A topic that is on its way when the time is over has its id already.
        const isComing = failure.errorCode === ERROR_CODES.REQUEST_TIMED_OUT
        const id = isComing ? creatable.get(name)?.assignment.topicId : undefined
        return failedTopic(name, failure, id)
      }
      return this.createdTopic(name, creatable.get(name), validateOnly, configsOf)
    })
  }

  /** Most topics of a request have the same configuration: it is described, and encoded, once. */
  private configDescriptions(): (own: ReadonlyMap<string, string>) => TopicConfigs {
    const known = new Map<string, SharedList<TopicConfigs[number]>>()
    return (own) => {
      const key = JSON.stringify([...own])
      let configs = known.get(key)
      if (configs === undefined) {
        configs = new SharedList<TopicConfigs[number]>()
        configs.push(...this.options.describeConfigs(own))
        known.set(key, configs)
      }
      return configs
    }
  }

  private createdTopic(
    name: string,
    made: Creatable | undefined,
    validateOnly: boolean,
    configsOf: (own: ReadonlyMap<string, string>) => TopicConfigs,
  ): TopicResult {
    const partitions = made?.assignment.partitions
    return {
      name,
      topicId: validateOnly ? ZERO_UUID : (made?.assignment.topicId ?? ZERO_UUID),
      errorCode: ERROR_CODES.NONE,
      errorMessage: null,
      numPartitions: partitions?.size ?? -1,
      replicationFactor: partitions?.get(0)?.replicas.length ?? -1,
      configs: configsOf(made?.config ?? new Map()),
    }
  }

  private async check(
    topics: readonly NewTopic[],
    failures: Map<string, ApiError>,
  ): Promise<Map<string, Creatable>> {
    const { zk, logger } = this.options
    const canCollide = topics.some(({ name }) => /[._]/.test(name))
    const names = topics.map(({ name }) => name)
    // Names that are no names of znodes must not be asked for.
    const znodes = names.filter(isValidTopicName)
    const [marked, existing, all] = await Promise.all([
      Promise.all(znodes.map((name) => zk.isMarkedForDeletion(name))),
      Promise.all(znodes.map((name) => zk.topicExists(name))),
      canCollide ? zk.topicNames() : [],
    ])
    const isMarked = new Set(znodes.filter((_, index) => marked[index]))
    const exists = new Set(znodes.filter((_, index) => existing[index]))
    const collisions = new Map<string, string[]>()
    for (const name of all) note(collisions, name)
    const creatable = new Map<string, Creatable>()
    for (const topic of topics) {
      try {
        const replicas = this.replicasOf(topic)
        validateTopicName(topic.name)
        if (isMarked.has(topic.name)) {
          throw new ApiError('TOPIC_ALREADY_EXISTS', `Topic '${topic.name}' is marked for deletion.`)
        }
        if (exists.has(topic.name)) throw alreadyExists(topic.name)
        const others = collisions.get(unified(topic.name)) ?? []
        if (others.length > 0) {
          const message = `Topic '${topic.name}' collides with existing topics: ${others.join(', ')}`
          throw new ApiError('INVALID_TOPIC_EXCEPTION', message)
        }
        validateTopicReplicas(replicas)
        const config = new Map(topic.configs.map(({ name, value }) => [name, value ?? '']))
        this.options.validateConfigs(config)
        note(collisions, topic.name)
        creatable.set(topic.name, {
          assignment: { topicId: randomUuid(this.options.random), partitions: settled(replicas) },
          config,
        })
      } catch (error) {
        const failure = toApiError(error)
        if (failure.errorCode === ERROR_CODES.UNKNOWN_SERVER_ERROR) {
          logger.error(`cannot create topic ${topic.name}`, error)
        }
        failures.set(topic.name, failure)
      }
    }
    return creatable
  }

  private replicasOf(topic: NewTopic): Replicas {
    const { controller, metadataCache, config, random } = this.options
    if (metadataCache.hasTopic(topic.name)) throw alreadyExists(topic.name)
    const unset = topic.configs.filter(({ value }) => value === null).map(({ name }) => name)
    if (unset.length > 0) {
      const message = `Null value not supported for topic configs: ${unset.join(',')}`
      throw new ApiError('INVALID_CONFIG', message)
    }
    const { numPartitions, replicationFactor, assignments } = topic
    if (assignments.length > 0) {
      if (numPartitions !== DEFAULT || replicationFactor !== DEFAULT) {
        throw new ApiError(
          'INVALID_REQUEST',
          'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
        )
      }
      return new Map(assignments.map(({ partitionIndex, brokerIds }) => [partitionIndex, brokerIds]))
    }
    return assignReplicas(
      controller.liveBrokers(),
      numPartitions === DEFAULT ? config.numPartitions : numPartitions,
      replicationFactor === DEFAULT ? config.defaultReplicationFactor : replicationFactor,
      random,
    )
  }

  private async create(
    topics: ReadonlyMap<string, Creatable>,
    failures: Map<string, ApiError>,
  ): Promise<void> {
    const { zk, logger } = this.options
    await Promise.all(
      [...topics].map(async ([name, { assignment, config }]) => {
        try {
          await zk.createTopic(name, assignment, config)
        } catch (error) {
          const isThere = isZooKeeperError(error, 'NODEEXISTS')
          if (!isThere) logger.error(`cannot create topic ${name}`, error)
          failures.set(name, isThere ? alreadyExists(name) : toApiError(error))
        }
      }),
    )
  }

  /** Undefined for topics that were deleted, or are on their way. `topics` exist as far as this broker has heard. */
  async deleteTopics(topics: ReadonlySet<string>, timeoutMs: number): Promise<Map<string, number>> {
    const { zk, logger } = this.options
    const failures = new Map<string, number>()
    await Promise.all(
      [...topics].map(async (topic) => {
        try {
          if (await zk.topicExists(topic)) await zk.createTopicDeletion(topic)
          else failures.set(topic, ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION)
        } catch (error) {
          // Somebody else has asked for it before: wait with them.
          if (isZooKeeperError(error, 'NODEEXISTS')) return
          logger.error(`cannot delete topic ${topic}`, error)
          failures.set(topic, toApiError(error).errorCode)
        }
      }),
    )
    const started = [...topics].filter((topic) => !failures.has(topic))
    const late = timeoutMs > 0 ? await this.waiter.absence(started, timeoutMs) : started
    for (const topic of late) failures.set(topic, ERROR_CODES.REQUEST_TIMED_OUT)
    return failures
  }

  /** One result for each topic; repeated ones are answered once, at the end. */
  async createPartitions(request: CreatePartitionsRequest): Promise<PartitionsResult[]> {
    const { topics, timeoutMs, validateOnly } = request
    const { controller } = this.options
    if (!(await controller.isInOffice())) {
      return topics.map(({ name }) => ({ name, errorCode: ERROR_CODES.NOT_CONTROLLER }))
    }
    const isRepeated = repeated(topics.map(({ name }) => name))
    const single = topics.filter(({ name }) => !isRepeated(name))
    const failures = new Map<string, ApiError>()
    const grown = await this.partitionChanges.run(() => this.grow(single, validateOnly, failures))
    if (!validateOnly) {
      const late = timeoutMs > 0 ? await this.waiter.leaders(grown, timeoutMs) : grown.keys()
      for (const name of late) failures.set(name, new ApiError('REQUEST_TIMED_OUT'))
    }
    const duplicate = new ApiError('INVALID_REQUEST', 'Duplicate topic in request.')
    const twice = new Set(topics.map(({ name }) => name).filter(isRepeated))
    return [
      ...single.map(({ name }) => partitionsResult(name, failures.get(name))),
      ...[...twice].map((name) => partitionsResult(name, duplicate)),
    ]
  }

  /** The partitions of the topics that have got more of them. */
  private async grow(
    topics: readonly NewPartitions[],
    validateOnly: boolean,
    failures: Map<string, ApiError>,
  ): Promise<Map<string, number[]>> {
    const { zk, logger } = this.options
    const known = topics.map(({ name }) => name).filter(isValidTopicName)
    const assignments = await zk.topicAssignments(known)
    const grown = new Map<string, number[]>()
    await Promise.all(
      topics.map(async (topic) => {
        try {
          const next = this.grownAssignment(topic, assignments.get(topic.name))
          if (!validateOnly) await zk.setTopicAssignment(topic.name, next)
          grown.set(topic.name, [...next.partitions.keys()])
        } catch (error) {
          const failure = toApiError(error)
          if (failure.errorCode === ERROR_CODES.UNKNOWN_SERVER_ERROR) {
            logger.error(`cannot add partitions to topic ${topic.name}`, error)
          }
          failures.set(topic.name, failure)
        }
      }),
    )
    return grown
  }

  private grownAssignment(topic: NewPartitions, current: TopicAssignment | undefined): TopicAssignment {
    const { controller, random } = this.options
    const { name, count } = topic
    if (controller.isQueuedForDeletion(name)) {
      throw new ApiError('INVALID_TOPIC_EXCEPTION', 'The topic is queued for deletion.')
    }
    const existing = current?.partitions ?? new Map()
    for (const { addingReplicas, removingReplicas } of existing.values()) {
      if (addingReplicas.length + removingReplicas.length === 0) continue
      const message = `A partition reassignment is in progress for the topic '${name}'.`
      throw new ApiError('REASSIGNMENT_IN_PROGRESS', message)
    }
    if (current === undefined || existing.size === 0) {
      throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
    }
    const invalid = (message: string) => new ApiError('INVALID_PARTITIONS', message)
    if (count < existing.size) {
      throw invalid(
        `Topic currently has ${existing.size} partitions, which is higher than the requested ${count}.`,
      )
    }
    if (count === existing.size) throw invalid(`Topic already has ${existing.size} partitions.`)
    const first = current.partitions.get(0)?.replicas
    if (first === undefined) {
      throw new ApiError(
        'UNKNOWN_SERVER_ERROR',
        `Unexpected existing replica assignment for topic '${name}', partition id 0 is missing.`,
      )
    }
    const brokers = controller.liveBrokers()
    const added = count - existing.size
    const replicas =
      topic.assignments === null
        ? assignReplicas(brokers, added, first.length, random, {
            startIndex: Math.max(
              0,
              brokers.findIndex(({ id }) => id >= (first[0] ?? 0)),
            ),
            startPartition: existing.size,
          })
        : validateNewReplicas(
            topic.assignments.map(({ brokerIds }) => brokerIds),
            {
              firstPartition: existing.size,
              count: added,
              replicationFactor: first.length,
              brokerIds: brokers.map(({ id }) => id),
            },
          )
    return { topicId: current.topicId, partitions: new Map([...current.partitions, ...settled(replicas)]) }
  }
}

function alreadyExists(name: string): ApiError {
  return new ApiError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
}

function repeated(names: readonly string[]): (name: string) => boolean {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const name of names) (seen.has(name) ? twice : seen).add(name)
  return (name) => twice.has(name)
}

/** Names that metrics cannot tell apart: dots and underscores count as the same (Topic.hasCollision). */
function unified(name: string): string {
  return name.replaceAll('.', '_')
}

function note(collisions: Map<string, string[]>, name: string): void {
  const key = unified(name)
  const names = collisions.get(key)
  if (names === undefined) collisions.set(key, [name])
  else names.push(name)
}

function failedTopic(
  name: string,
  { errorCode, wireMessage }: ApiError,
  topicId: string = ZERO_UUID,
): TopicResult {
  return {
    name,
    topicId,
    errorCode,
    errorMessage: wireMessage,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}

function partitionsResult(name: string, failure: ApiError | undefined): PartitionsResult {
  return {
    name,
    errorCode: failure?.errorCode ?? ERROR_CODES.NONE,
    errorMessage: failure?.wireMessage ?? null,
  }
}
