import { describeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import { alterConfigs } from '../../protocol/messages/33-alter-configs.ts'
import { incrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { ClientCore } from '../core.ts'
import { ClientError, type Connection } from '../net/index.ts'
import { type ItemResult, itemError } from './results.ts'

/** What a configuration belongs to. A broker's loggers have levels (KIP-412); client metrics are KRaft's (KIP-714). */
export interface ConfigResource {
  readonly type: keyof typeof RESOURCE_TYPES
  /** A topic's name or a broker's id; '' for what holds for all brokers. */
  readonly name: string
}

const RESOURCE_TYPES = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16 } as const

/** Kafka's ConfigSource, by code. */
const SOURCES = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
] as const

export type ConfigSource = (typeof SOURCES)[number]

/** One configuration of a topic or a broker, and where its value comes from. */
export interface ConfigEntry {
  readonly name: string
  /** Null when it has none, or when it is secret. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly isSensitive: boolean
  readonly isReadOnly: boolean
  readonly synonyms: readonly {
    readonly name: string
    readonly value: string | null
    readonly source: ConfigSource
  }[]
  readonly documentation: string | null
}

/** The configurations of a topic or a broker. */
export interface DescribedConfig extends ItemResult {
  readonly resource: ConfigResource
  readonly entries: readonly ConfigEntry[]
}

/** What is to become of one configuration (KIP-339). */
export type ConfigOperation =
  | { readonly op: 'set' | 'append' | 'subtract'; readonly name: string; readonly value: string }
  | { readonly op: 'delete'; readonly name: string }

const OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export async function describe(
  core: ClientCore,
  resources: readonly ConfigResource[],
  options: { names?: readonly string[]; includeSynonyms?: boolean; includeDocumentation?: boolean },
): Promise<DescribedConfig[]> {
  const groups = [...groupByBroker(resources)]
  const answers = await Promise.all(
    groups.map(([broker, group]) =>
      core.retry(async () => describeAt(await connectionFor(core, broker), group, options)),
    ),
  )
  return answers.flat()
}

async function describeAt(
  connection: Connection,
  resources: readonly ConfigResource[],
  options: { names?: readonly string[]; includeSynonyms?: boolean; includeDocumentation?: boolean },
): Promise<DescribedConfig[]> {
  const version = connection.versionOf(describeConfigs)
  const response = await connection.send(describeConfigs, {
    resources: resources.map(({ type, name }) => ({
      resourceType: RESOURCE_TYPES[type],
      resourceName: name,
      configurationKeys: options.names ?? null,
    })),
    ...(version >= 1 ? { includeSynonyms: options.includeSynonyms ?? false } : {}),
    ...(version >= 3 ? { includeDocumentation: options.includeDocumentation ?? false } : {}),
  })
  return response.results.map((result) => ({
    name: result.resourceName,
    resource: {
      type: typeName(result.resourceType),
      name: result.resourceName,
    },
    error: itemError(result.errorCode, result.errorMessage),
    entries: result.configs.map((config) => ({
      name: config.name,
      value: config.value,
      source:
        version === 0 ? (config.isDefault ? 'DEFAULT_CONFIG' : 'UNKNOWN') : sourceName(config.configSource),
      isSensitive: config.isSensitive,
      isReadOnly: config.readOnly,
      synonyms: config.synonyms.map(({ name, value, source }) => ({
        name,
        value,
        source: sourceName(source),
      })),
      documentation: config.documentation,
    })),
  }))
}

/** Changes single entries and leaves the others alone (KIP-339). */
export async function alter(
  core: ClientCore,
  changes: readonly { readonly resource: ConfigResource; readonly operations: readonly ConfigOperation[] }[],
  options: { validateOnly?: boolean },
): Promise<ItemResult[]> {
  const byBroker = groupByBroker(
    changes.map((change) => ({ ...change.resource, operations: change.operations })),
  )
  const answers = [...byBroker].map(([broker, group]) =>
    core.retry(async () => {
      const connection = await connectionFor(core, broker)
      const response = await connection.send(incrementalAlterConfigs, {
        resources: group.map(({ type, name, operations }) => ({
          resourceType: RESOURCE_TYPES[type],
          resourceName: name,
          configs: operations.map((operation) => ({
            name: operation.name,
            configOperation: OPERATIONS[operation.op],
            value: operation.op === 'delete' ? null : operation.value,
          })),
        })),
        validateOnly: options.validateOnly ?? false,
      })
      return response.responses.map((answer) => ({
        name: answer.resourceName,
        error: itemError(answer.errorCode, answer.errorMessage),
      }))
    }),
  )
  return (await Promise.all(answers)).flat()
}

/** Replaces all entries of a resource: what is not named goes back to its default. Superseded by {@link alter}. */
export async function replace(
  core: ClientCore,
  changes: readonly {
    readonly resource: ConfigResource
    readonly entries: Readonly<Record<string, string>>
  }[],
  options: { validateOnly?: boolean },
): Promise<ItemResult[]> {
  const byBroker = groupByBroker(changes.map(({ resource, entries }) => ({ ...resource, entries })))
  const answers = [...byBroker].map(([broker, group]) =>
    core.retry(async () => {
      const connection = await connectionFor(core, broker)
      const response = await connection.send(alterConfigs, {
        resources: group.map(({ type, name, entries }) => ({
          resourceType: RESOURCE_TYPES[type],
          resourceName: name,
          configs: Object.entries(entries).map(([key, value]) => ({ name: key, value })),
        })),
        validateOnly: options.validateOnly ?? false,
      })
      return response.responses.map((answer) => ({
        name: answer.resourceName,
        error: itemError(answer.errorCode, answer.errorMessage),
      }))
    }),
  )
  return (await Promise.all(answers)).flat()
}

function typeName(code: number): ConfigResource['type'] {
  if (code === RESOURCE_TYPES.topic) return 'topic'
  if (code === RESOURCE_TYPES.broker) return 'broker'
  return code === RESOURCE_TYPES.brokerLogger ? 'brokerLogger' : 'clientMetrics'
}

/** A broker's own configuration is known to that broker only; everything else any broker can answer. */
function groupByBroker<T extends ConfigResource>(resources: readonly T[]): Map<number | null, T[]> {
  const groups = new Map<number | null, T[]>()
  for (const resource of resources) {
    const isOfBroker = resource.type === 'broker' || resource.type === 'brokerLogger'
    const broker = isOfBroker && resource.name !== '' ? Number(resource.name) : null
    groups.set(broker, [...(groups.get(broker) ?? []), resource])
  }
  return groups
}

async function connectionFor(core: ClientCore, broker: number | null): Promise<Connection> {
  if (broker === null) return core.anyConnection()
  if (!core.metadata.brokers.has(broker)) await core.refresh([])
  const known = [...core.metadata.brokers.keys()].sort((a, b) => a - b)
  if (!known.includes(broker)) throw unknownBroker(broker, known)
  return core.connectionTo(broker)
}

export function unknownBroker(id: number, known: readonly number[]): ClientError {
  return new ClientError('KCLI_UNKNOWN_BROKER', `there is no broker ${id}; there are ${known.join(', ')}`, {
    retriable: false,
  })
}

function sourceName(code: number): ConfigSource {
  return SOURCES[code] ?? 'UNKNOWN'
}
