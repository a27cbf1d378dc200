import { type ConfigDef, ConfigError } from '../base/config-def.ts'
import type { Logger } from '../base/logger.ts'
import { ERROR_CODES } from '../protocol/index.ts'
import { ApiError, toApiError } from './api-error.ts'
import { type BrokerConfig, brokerConfigDef } from './broker-config.ts'
import { topicConfigDef, validateTopicConfigs } from './config-def.ts'
import { describeResource, RESOURCE, type ResourceResult, resourceTypeName } from './config-resource.ts'
import type { DynamicBrokerConfig } from './dynamic-broker-config.ts'
import type { KafkaZkClient } from './zk/index.ts'

/** AlterConfigOp.OpType. */
const OPERATION = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

export interface ConfigChange {
  readonly name: string
  readonly value: string | null
  /** Undefined where the whole configuration is replaced. */
  readonly operation: number | undefined
}

export interface ConfigResourceChanges {
  readonly type: number
  readonly name: string
  /** AlterConfigs replaces whatever is set; IncrementalAlterConfigs changes it. */
  readonly mode: 'replace' | 'incremental'
  readonly changes: readonly ConfigChange[]
}

export interface ConfigAltererDeps {
  readonly config: BrokerConfig
  readonly dynamic: DynamicBrokerConfig
  readonly zk: KafkaZkClient
  readonly logger: Logger
  readonly topicExists: (topic: string) => boolean
}

type Properties = ReadonlyMap<string, string>
const NO_ERROR: ResourceResult = { errorCode: ERROR_CODES.NONE, errorMessage: null }
const CLUSTER_DEFAULT = '<default>'

/** Changes configurations in ZooKeeper and tells all brokers (ConfigAdminManager, ZkAdminManager). */
export class ConfigAlterer {
  private readonly deps: ConfigAltererDeps

  constructor(deps: ConfigAltererDeps) {
    this.deps = deps
  }

  /** One result for each resource, in order; never rejects. */
  alter(resources: readonly ConfigResourceChanges[], validateOnly: boolean): Promise<ResourceResult[]> {
    const seen = new Map<string, number>()
    const keyOf = ({ type, name }: ConfigResourceChanges) => `${type} ${name}`
    for (const resource of resources) seen.set(keyOf(resource), (seen.get(keyOf(resource)) ?? 0) + 1)
    return Promise.all(
      resources.map(async (resource) => {
        try {
          if ((seen.get(keyOf(resource)) ?? 0) > 1) {
            throw new ApiError('INVALID_REQUEST', 'Each resource must appear at most once.')
          }
          await this.alterOne(resource, validateOnly)
          return NO_ERROR
        } catch (error) {
          return this.resultOf(resource, error)
        }
      }),
    )
  }

  private resultOf({ type, name }: ConfigResourceChanges, error: unknown): ResourceResult {
    const what = describeResource(type, name)
    if (error instanceof ConfigError) {
      const errorMessage = `Invalid config value for resource ${what}: ${error.message}`
      return { errorCode: ERROR_CODES.INVALID_CONFIG, errorMessage }
    }
    const { errorCode, wireMessage } = toApiError(error)
    if (errorCode === ERROR_CODES.UNKNOWN_SERVER_ERROR) {
      this.deps.logger.error(`cannot change the configuration of ${what}`, error)
    }
    return { errorCode, errorMessage: wireMessage }
  }

  private async alterOne(resource: ConfigResourceChanges, validateOnly: boolean): Promise<void> {
    checkChanges(resource)
    switch (resource.type) {
      case RESOURCE.TOPIC:
        return this.alterTopic(resource, validateOnly)
      case RESOURCE.BROKER:
        return this.alterBroker(resource, validateOnly)
      case RESOURCE.BROKER_LOGGER:
        if (resource.mode === 'incremental') {
          throw new ApiError('INVALID_REQUEST', 'This broker has no loggers whose levels could be changed')
        }
        throw new ApiError('INVALID_REQUEST', `Unknown resource type ${resource.type}`)
      case RESOURCE.CLIENT_METRICS:
        throw new ApiError(
          'INVALID_REQUEST',
          `AlterConfigs is only supported for topics and brokers, but resource type is ${resourceTypeName(resource.type)}`,
        )
      default:
        throw new ApiError('INVALID_REQUEST', `Unknown resource type ${resource.type}`)
    }
  }

  private async alterTopic(resource: ConfigResourceChanges, validateOnly: boolean): Promise<void> {
    const topic = resource.name
    if (topic === '') throw new ApiError('INVALID_REQUEST', 'Default topic resources are not allowed.')
    const { zk, config, topicExists } = this.deps
    const exists = topicExists(topic)
    const current = exists ? await zk.entityConfig('topics', topic) : new Map<string, string>()
    const next = applyChanges(current, resource, topicConfigDef)
    if (!exists) throw new ApiError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${topic}' does not exist.`)
    validateTopicConfigs(next, (name) => {
      const text = config.topicDefaultText(name)
      return text === null ? null : topicConfigDef.parse(name, text)
    })
    if (validateOnly) return
    await zk.setEntityConfig('topics', topic, next)
    await zk.createConfigChange(`topics/${topic}`)
  }

  private async alterBroker(resource: ConfigResourceChanges, validateOnly: boolean): Promise<void> {
    const { name, changes } = resource
    const { zk, config, dynamic } = this.deps
    const isPerBroker = name !== ''
    if (isPerBroker) checkBrokerId(name, config.brokerId)
    for (const { operation } of changes) {
      if (operation !== undefined && (operation < 0 || operation > OPERATION.SUBTRACT)) {
        throw new ApiError('INVALID_REQUEST', `Unknown operations type ${operation}`)
      }
    }
    const entity = isPerBroker ? String(config.brokerId) : CLUSTER_DEFAULT
    const stored = await zk.entityConfig('brokers', entity)
    const next = applyChanges(dynamic.usable(stored, isPerBroker), resource, brokerConfigDef)
    dynamic.validate(next, isPerBroker)
    if (validateOnly) return
    await zk.setEntityConfig('brokers', entity, next)
    await zk.createConfigChange(`brokers/${entity}`)
  }
}

function checkChanges({ changes }: ConfigResourceChanges): void {
  const names = changes.map(({ name }) => name)
  if (new Set(names).size < names.length) {
    throw new ApiError('INVALID_REQUEST', 'Error due to duplicate config keys')
  }
  const nulls = changes.filter(({ value, operation }) => value === null && operation !== OPERATION.DELETE)
  if (nulls.length === 0) return
  const list = nulls.map(({ name }) => name).join(', ')
  throw new ApiError('INVALID_REQUEST', `Null value not supported for : ${list}`)
}

function checkBrokerId(text: string, expected: number): void {
  if (!/^[+-]?\d{1,10}$/.test(text)) {
    throw new ApiError('INVALID_REQUEST', `Node id must be an integer, but it is: ${text}`)
  }
  if (Number(text) === expected) return
  throw new ApiError('INVALID_REQUEST', `Unexpected broker id, expected ${expected}, but received ${text}`)
}

function applyChanges(
  current: Properties,
  resource: ConfigResourceChanges,
  def: ConfigDef,
): Map<string, string> {
  const { mode, changes } = resource
  const next = new Map(mode === 'replace' ? [] : current)
  for (const change of changes) applyChange(next, change, def)
  return next
}

function applyChange(
  next: Map<string, string>,
  { name, value, operation }: ConfigChange,
  def: ConfigDef,
): void {
  const text = value ?? ''
  switch (operation) {
    case undefined:
    case OPERATION.SET:
      next.set(name, text)
      return
    case OPERATION.DELETE:
      next.delete(name)
      return
    case OPERATION.APPEND:
    case OPERATION.SUBTRACT: {
      const isAppend = operation === OPERATION.APPEND
      const key = def.key(name)
      // Kafka's lookup of a name that it does not know fails in the same unhelpful way.
      if (key === undefined) throw new ApiError('UNKNOWN_SERVER_ERROR')
      if (key.type !== 'LIST') {
        const what = isAppend ? 'append' : 'subtract'
        throw new ApiError('INVALID_CONFIG', `Config value ${what} is not allowed for config key: ${name}`)
      }
      const before = itemsOf(next.get(name) ?? key.defaultText ?? '')
      const given = itemsOf(text)
      const after = isAppend
        ? [...before, ...given.filter((item) => !before.includes(item))]
        : before.filter((item) => !given.includes(item))
      next.set(name, after.join(','))
      return
    }
    default:
      throw new ApiError('UNKNOWN_SERVER_ERROR')
  }
}

function itemsOf(text: string): string[] {
  return text === '' ? [] : text.split(',')
}
