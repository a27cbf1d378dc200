import type { Logger } from '../base/logger.ts'
import { ERROR_CODES, errorInfo } from '../protocol/index.ts'
import type { CreateTopicsRequestInput, CreateTopicsResponse } from '../protocol/messages/19-create-topics.ts'
import { toApiError } from './api-error.ts'
import type { BrokerConfig } from './broker-config.ts'
import { OFFSETS_TOPIC, offsetsTopicSpec } from './group/index.ts'
import { isValidTopicName } from './topic-names.ts'

export interface AutoTopicCreatorDeps {
  readonly config: BrokerConfig
  readonly logger: Logger
  /** Sends CreateTopics to the controller. */
  readonly createTopics: (request: CreateTopicsRequestInput) => Promise<CreateTopicsResponse>
}

/** Creates topics that clients ask for by their mere use (kafka.server.AutoTopicCreationManager). */
export class AutoTopicCreator {
  private readonly deps: AutoTopicCreatorDeps
  private readonly inFlight = new Set<string>()

  constructor(deps: AutoTopicCreatorDeps) {
    this.deps = deps
  }

  /** The code that a metadata response has for each: LEADER_NOT_AVAILABLE says that it is being made. */
  async create(names: readonly string[]): Promise<Map<string, number>> {
    const codes = new Map<string, number>()
    const creatable: string[] = []
    for (const name of names) {
      if (!isValidTopicName(name)) codes.set(name, ERROR_CODES.INVALID_TOPIC_EXCEPTION)
      else if (this.inFlight.has(name)) codes.set(name, ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION)
      else creatable.push(name)
    }
    if (creatable.length === 0) return codes
    for (const name of creatable) this.inFlight.add(name)
    try {
      for (const [name, code] of await this.request(creatable)) codes.set(name, code)
    } finally {
      for (const name of creatable) this.inFlight.delete(name)
    }
    return codes
  }

  private async request(names: readonly string[]): Promise<Map<string, number>> {
    const { config, logger, createTopics } = this.deps
    try {
      const response = await createTopics({
        // Nobody waits for the leaders here: the client asks again.
        timeoutMs: 0,
        topics: names.map((name) => ({ name, assignments: [], ...topicSpec(name, config) })),
      })
      for (const { name, errorCode, errorMessage } of response.topics) {
        if (shown(errorCode) !== ERROR_CODES.LEADER_NOT_AVAILABLE)
          logger.warn(`cannot create ${name}: ${errorMessage ?? errorInfo(errorCode).name}`)
      }
      return new Map(response.topics.map(({ name, errorCode }) => [name, shown(errorCode)]))
    } catch (error) {
      logger.warn(`cannot create ${names.join(', ')}: ${toApiError(error).message}`)
      return new Map(names.map((name) => [name, ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION]))
    }
  }
}

function topicSpec(name: string, config: BrokerConfig) {
  if (name === OFFSETS_TOPIC) return offsetsTopicSpec(config)
  return {
    numPartitions: config.numPartitions,
    replicationFactor: config.defaultReplicationFactor,
    configs: [],
  }
}

/** With a timeout of 0, REQUEST_TIMED_OUT means that the topic is on its way. */
function shown(errorCode: number): number {
  const isComing =
    errorCode === ERROR_CODES.NONE ||
    errorCode === ERROR_CODES.TOPIC_ALREADY_EXISTS ||
    errorCode === ERROR_CODES.REQUEST_TIMED_OUT
  return isComing ? ERROR_CODES.LEADER_NOT_AVAILABLE : errorCode
}
