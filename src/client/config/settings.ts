import { ConfigError, type ConfigValue, configText, parseConfig } from '../../base/config-def.ts'
import { nearestName } from '../../base/edit-distance.ts'
import type { ConsumerConfig } from '../consumer/config.ts'
import type { ClientOptions } from '../options.ts'
import type { ProducerConfig } from '../producer/config.ts'
import { ADMIN_PROPERTIES } from './admin-properties.ts'
import { CONSUMER_PROPERTIES } from './consumer-properties.ts'
import { PRODUCER_PROPERTIES } from './producer-properties.ts'
import { camelCase, type PropertiesOf, type Property, type PropertyTable } from './property.ts'

/** The options of a client without what only a program can give. */
export type ClientSettings = Partial<
  Omit<ClientOptions, 'network' | 'clock' | 'random' | 'logger' | 'resolver'>
>

type ClientOption = `client.${keyof ClientSettings}`

const producerTable: PropertyTable<ClientOption | `producer.${keyof ProducerConfig}`> = PRODUCER_PROPERTIES
const consumerTable: PropertyTable<ClientOption | `consumer.${keyof ConsumerConfig}`> = CONSUMER_PROPERTIES
const adminTable: PropertyTable<ClientOption> = ADMIN_PROPERTIES

/** Every configuration of a producer, by Kafka's name (`linger.ms`) or in camelCase (`lingerMs`), typed or as text. */
export type ProducerProperties = PropertiesOf<typeof PRODUCER_PROPERTIES>
/** The same of a consumer. */
export type ConsumerProperties = PropertiesOf<typeof CONSUMER_PROPERTIES>
/** The same of an admin client. */
export type AdminProperties = PropertiesOf<typeof ADMIN_PROPERTIES>

export interface SettingsOptions {
  /**
   * Told of a name that no client of this kind knows, as Kafka logs it and goes on. Without it such a name is an error.
   */
  readonly onUnknown?: (message: string) => void
}

/** Serializers, deserializers and interceptors as they were given, by Kafka's names. */
export type LibraryProperties = ReadonlyMap<string, unknown>

export interface ProducerSettings {
  readonly client: ClientSettings
  readonly producer: ProducerConfig
  readonly library: LibraryProperties
}

export interface ConsumerSettings {
  readonly client: ClientSettings
  readonly consumer: ConsumerConfig
  readonly library: LibraryProperties
}

export interface AdminSettings {
  readonly client: ClientSettings
}

/**
 * From properties as in a file for Kafka's clients to the options of a producer. Only what is given is filled in; the
 * defaults are the options' own. Throws {@link ConfigError} for a value that Kafka would refuse, and for what kcli cannot do.
 */
export function producerSettings(
  properties: Readonly<Record<string, unknown>>,
  options: SettingsOptions = {},
): ProducerSettings {
  const { client, own, library } = fill(producerTable, properties, options)
  return { client, producer: own, library }
}

/** The same for a consumer. */
export function consumerSettings(
  properties: Readonly<Record<string, unknown>>,
  options: SettingsOptions = {},
): ConsumerSettings {
  const { client, own, library } = fill(consumerTable, properties, options)
  return { client, consumer: own, library }
}

/**
 * What a file for any of Kafka's clients says of connections, metadata and times; what only one kind of client knows is
 * checked and left out. For tools that have several clients and one file.
 */
export function sharedSettings(
  properties: Readonly<Record<string, unknown>>,
  options: SettingsOptions = {},
): ClientSettings {
  return fill({ ...consumerTable, ...producerTable, ...adminTable }, properties, options).client
}

/** The same for an admin client. */
export function adminSettings(
  properties: Readonly<Record<string, unknown>>,
  options: SettingsOptions = {},
): AdminSettings {
  return { client: fill(adminTable, properties, options).client }
}

function fill(table: PropertyTable, properties: Readonly<Record<string, unknown>>, options: SettingsOptions) {
  const given = byKafkaName(table, properties, options)
  const client: Record<string, unknown> = {}
  const own: Record<string, unknown> = {}
  const library = new Map<string, unknown>()
  for (const [name, raw] of given) {
    const property = table[name] as Property
    if (property.library === true) {
      library.set(name, raw)
      continue
    }
    const value = parseGiven(name, property, raw)
    if (property.refused !== undefined) refuseUnlessDefault(name, property, value)
    if (property.fills === undefined) continue
    const option = property.as === undefined ? value : property.as(value as never, name)
    for (const place of property.fills) {
      const [kind, field = ''] = place.split('.')
      if (option !== undefined) (kind === 'client' ? client : own)[field] = option
    }
  }
  // A shortest pause that is given alone is the longest, too (CommonClientConfigs.postProcessReconnectBackoffConfigs).
  if (client.reconnectBackoffMs !== undefined) client.reconnectBackoffMaxMs ??= client.reconnectBackoffMs
  return { client: client as ClientSettings, own, library }
}

/** What is given, each under Kafka's name. */
function byKafkaName(
  table: PropertyTable,
  properties: Readonly<Record<string, unknown>>,
  { onUnknown }: SettingsOptions,
): Map<string, unknown> {
  const names = Object.keys(table)
  const byCamelCase = new Map(names.map((name) => [camelCase(name), name]))
  const given = new Map<string, unknown>()
  for (const [word, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue
    const name = Object.hasOwn(table, word) ? word : byCamelCase.get(word)
    if (name === undefined) {
      const nearest = nearestName(word, word.includes('.') ? names : byCamelCase.keys())
      const hint = nearest === undefined ? undefined : `Did you mean ${nearest}?`
      const message = `the configuration ${word} is not known`
      if (onUnknown === undefined) throw new ConfigError(message, hint === undefined ? {} : { hint })
      onUnknown(hint === undefined ? message : `${message}. ${hint}`)
    } else if (given.has(name) && given.get(name) !== value) {
      throw new ConfigError(`${name} is given twice, also as ${camelCase(name)}`)
    } else given.set(name, value)
  }
  return given
}

/** Objects and functions are for configurations that name classes, and stay what they are. */
function parseGiven(name: string, property: Property, raw: unknown): unknown {
  const { type, valid = '' } = property
  const isText = ['string', 'number', 'boolean', 'bigint'].includes(typeof raw)
  if (isText) return parseConfig({ name, type, valid, defaultText: null }, String(raw))
  if (type === 'LIST' && Array.isArray(raw)) return raw
  if (type === 'CLASS') return raw
  throw new ConfigError(
    `Invalid value ${hidden(property) ?? describe(raw)} for configuration ${name}: Expected value to be ${expected(type)}`,
  )
}

function refuseUnlessDefault(name: string, property: Property, value: unknown): void {
  const { type, default: fallback, refused } = property
  const text =
    type === 'CLASS' && typeof value !== 'string' ? undefined : configText(type, value as ConfigValue)
  if (text !== undefined && text === (fallback === null ? null : configText(type, fallback))) return
  throw new ConfigError(`${name} is set, and ${refused}`, { hint: 'Leave it out.' })
}

function hidden({ type }: Property): string | undefined {
  return type === 'PASSWORD' ? '[hidden]' : undefined
}

function describe(raw: unknown): string {
  return Array.isArray(raw) ? `[${raw.join(', ')}]` : typeof raw
}

function expected(type: Property['type']): string {
  if (type === 'LIST') return 'a comma separated list or an array'
  if (type === 'BOOLEAN') return 'either true or false'
  return type === 'STRING' || type === 'PASSWORD' ? 'a string' : 'a number'
}
