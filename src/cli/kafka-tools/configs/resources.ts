/** Configurations of topics, brokers, loggers and client metrics. */

import { javaHash } from '../../../base/java-hash.ts'
import type { Admin, ConfigEntry, ConfigOperation, ConfigResource } from '../../../client/index.ts'
import { asKafkaException, executionException, kafkaException } from '../java-errors.ts'
import { javaHashOrder } from '../java-hash-order.ts'
import { illegalArgument, isJavaInt, scalaSet } from '../java-lang.ts'
import type { Tool } from '../tool.ts'
import type { Changes } from './changes.ts'
import { BROKER_LOGGERS, BROKERS, TOPICS } from './entity.ts'

export async function describeResources(
  tool: Tool,
  admin: Admin,
  type: string,
  name: string | undefined,
): Promise<void> {
  const isAll = tool.options.has('all')
  for (const each of name === undefined ? await resourceNames(tool, admin, type) : [name]) {
    if (each === '') tool.line(`Default configs for ${type} in the cluster are:`)
    else tool.line(`${isAll ? 'All' : 'Dynamic'} configs for ${singular(type)} ${each} are:`)
    for (const entry of await entriesOf(tool, admin, type, each, isAll)) tool.line(entryText(entry))
  }
}

function entryText({ name, value, isSensitive, synonyms }: ConfigEntry): string {
  const shown = synonyms.map((synonym) => `${synonym.source}:${synonym.name}=${synonym.value}`).join(', ')
  return `  ${name}=${value} sensitive=${isSensitive} synonyms={${shown}}`
}

export function singular(type: string): string {
  return type.slice(0, -1)
}

async function resourceNames(tool: Tool, admin: Admin, type: string): Promise<string[]> {
  if (type === TOPICS) {
    const topics = await tool.call('listTopics', admin.listTopics())
    return javaHashOrder(
      topics.map(({ name }) => name),
      javaHash,
    )
  }
  if (type === BROKERS || type === BROKER_LOGGERS) {
    const { brokers } = await tool.call('listNodes', admin.describeCluster())
    return [...brokers.map(({ id }) => `${id}`), '']
  }
  // Brokers with ZooKeeper have no such request.
  const text = 'The node does not support LIST_CLIENT_METRICS_RESOURCES'
  throw executionException(kafkaException('UNSUPPORTED_VERSION', text))
}

/** Where the values are that were set while the brokers ran; loggers have all theirs in one place. */
const DYNAMIC_SOURCES = {
  topic: 'DYNAMIC_TOPIC_CONFIG',
  broker: 'DYNAMIC_BROKER_CONFIG',
  brokerDefault: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  clientMetrics: 'DYNAMIC_CLIENT_METRICS_CONFIG',
} as const

async function entriesOf(
  tool: Tool,
  admin: Admin,
  type: string,
  name: string,
  isAll: boolean,
): Promise<ConfigEntry[]> {
  const resource = await resourceOf(type, name)
  const [described] = await tool
    .call('describeConfigs', admin.describeConfigs([resource], { includeSynonyms: true }))
    .catch((error: unknown) => {
      throw asKafkaException(error, '') === undefined ? error : executionException(error)
    })
  if (described !== undefined && described.error !== null) throw executionException(described.error)
  const kind = resource.type === 'broker' && name === '' ? 'brokerDefault' : resource.type
  const source = kind === 'brokerLogger' || isAll ? undefined : DYNAMIC_SOURCES[kind]
  return (described?.entries ?? [])
    .filter((entry) => source === undefined || entry.source === source)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function resourceOf(type: string, name: string): Promise<ConfigResource> {
  if (type === TOPICS) {
    if (name !== '') await checkTopicName(name)
    return { type: 'topic', name }
  }
  if (type !== BROKERS && type !== BROKER_LOGGERS) return { type: 'clientMetrics', name }
  if (name !== '' && !isJavaInt(name)) {
    throw illegalArgument(`The entity name for ${type} must be a valid integer broker id, found: ${name}`)
  }
  return { type: type === BROKERS ? 'broker' : 'brokerLogger', name }
}

/** Names as most are need no broker to be loaded for its rules. */
const PLAIN_NAME = /^[a-zA-Z0-9_-]{1,200}$/

async function checkTopicName(name: string): Promise<void> {
  if (PLAIN_NAME.test(name)) return
  const { ApiError, validateTopicName } = await import('../../../broker/index.ts')
  try {
    validateTopicName(name)
  } catch (error) {
    throw error instanceof ApiError ? kafkaException(error.errorName, error.message, error) : error
  }
}

export async function alterResource(
  tool: Tool,
  admin: Admin,
  type: string,
  name: string,
  changes: Changes,
): Promise<void> {
  const entries = await entriesOf(tool, admin, type, name, false)
  const { added, deleted } = changes
  const known = new Set(entries.map((entry) => entry.name))
  const isLogger = type === BROKER_LOGGERS
  const invalid = [...deleted, ...(isLogger ? added.keys() : [])].filter((each) => !known.has(each))
  if (invalid.length > 0) {
    const what = isLogger ? 'broker logger' : 'config'
    throw kafkaException('INVALID_CONFIG', `Invalid ${what}(s): ${invalid.join(',')}`)
  }
  const resource = await resourceOf(type, name)
  const results =
    type === BROKERS
      ? await tool.call(
          'alterConfigs',
          admin.alterConfigs([{ resource, entries: replaced(entries, changes) }]),
        )
      : await tool.call(
          'incrementalAlterConfigs',
          admin.incrementalAlterConfigs([{ resource, operations: operationsOf(changes) }]),
        )
  for (const { error } of results) if (error !== null) throw executionException(error)
}

function operationsOf({ added, deleted }: Changes): ConfigOperation[] {
  return [
    ...[...added].map(([name, value]) => ({ op: 'set', name, value }) as const),
    ...deleted.map((name) => ({ op: 'delete', name }) as const),
  ]
}

/** All that is to be set for a broker: Kafka's tool replaces it as a whole. */
function replaced(entries: readonly ConfigEntry[], { added, deleted }: Changes): Record<string, string> {
  const values = new Map(entries.map(({ name, value }) => [name, value]))
  for (const [name, value] of added) values.set(name, value)
  for (const name of deleted) values.delete(name)
  const secret = [...values].filter(([, value]) => value === null).map(([name]) => name)
  if (secret.length > 0) {
    throw kafkaException(
      'INVALID_CONFIG',
      `All sensitive broker config entries must be specified for --alter, missing entries: ${scalaSet(secret)}`,
    )
  }
  return Object.fromEntries([...values].map(([name, value]) => [name, value ?? '']))
}
