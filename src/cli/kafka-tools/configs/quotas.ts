/** Quotas of users, clients and addresses, and the SCRAM credentials of users. */

import { javaHash } from '../../../base/java-hash.ts'
import type {
  Admin,
  ClientQuota,
  QuotaEntity,
  QuotaFilter,
  ScramAlteration,
  ScramMechanism,
} from '../../../client/index.ts'
import { executionException, kafkaException } from '../java-errors.ts'
import { javaHashOrder } from '../java-hash-order.ts'
import { illegalArgument, javaDouble, javaInt, parseJavaDouble, scalaSet } from '../java-lang.ts'
import type { Tool } from '../tool.ts'
import type { Changes } from './changes.ts'
import { CLIENTS, type Entity, IPS, USERS } from './entity.ts'

const QUOTA_TYPES: Readonly<Record<string, string>> = { [USERS]: 'user', [CLIENTS]: 'client-id', [IPS]: 'ip' }
const CLIENT_QUOTAS = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
]
const IP_QUOTAS = ['connection_creation_rate']
const MECHANISMS: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] satisfies ScramMechanism[]
const MIN_ITERATIONS = 4096

const isQuota = (name: string) => CLIENT_QUOTAS.includes(name)
const isScram = (name: string): name is ScramMechanism => MECHANISMS.includes(name)

export async function describeQuotas(tool: Tool, admin: Admin, entity: Entity): Promise<void> {
  for (const { entity: found, values } of await quotasOf(tool, admin, entity)) {
    const names = Object.keys(values)
    const shown = javaHashOrder(names, javaHash, names.length).map(
      (name) => `${name}=${javaDouble(values[name] ?? 0)}`,
    )
    tool.line(`Quota configs for ${entityText(found)} are ${shown.join(', ')}`)
  }
}

function entityText(entity: QuotaEntity): string {
  return [
    ['user', 'user-principal'],
    ['client-id', 'client-id'],
    ['ip', 'ip'],
  ]
    .flatMap(([type = '', text]) => {
      const name = entity[type]
      if (name === undefined) return []
      return name === null ? `the default ${text}` : `${text} '${name}'`
    })
    .join(', ')
}

/** In the order of Kafka's HashMap. */
async function quotasOf(tool: Tool, admin: Admin, { types, names }: Entity): Promise<ClientQuota[]> {
  if (names.length > types.length) throw illegalArgument('More entity names specified than entity types')
  const components = types.map((type, i): [string, QuotaFilter['components'][string]] => {
    const name = names[i]
    return [QUOTA_TYPES[type] ?? type, name === undefined ? 'any' : name === '' ? 'default' : { name }]
  })
  const filter = { components: Object.fromEntries(components), strict: true }
  const found = await wrapped(tool, 'describeClientQuotas', admin.describeClientQuotas(filter))
  return javaHashOrder(found, ({ entity }) => entityHash(entity), found.length)
}

/** org.apache.kafka.common.quota.ClientQuotaEntity.hashCode */
function entityHash(entity: QuotaEntity): number {
  const hashes = Object.entries(entity).map(
    ([type, name]) => javaHash(type) ^ (name === null ? 0 : javaHash(name)),
  )
  return (31 + hashes.reduce((sum, hash) => (sum + hash) | 0, 0)) | 0
}

export async function describeScram(tool: Tool, admin: Admin, names: readonly string[]): Promise<void> {
  const wanted = names.length === 0 ? null : names
  const users = await wrapped(
    tool,
    'describeUserScramCredentials',
    admin.describeUserScramCredentials(wanted),
  )
  for (const { name, error, credentials } of users) {
    if (error?.errorName === 'RESOURCE_NOT_FOUND') continue
    if (error !== null) {
      const text = `ExecutionException: ${executionException(error).text}`
      tool.line(`Error retrieving SCRAM credential configs for user-principal '${name}': ${text}`)
      continue
    }
    const shown = credentials.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`)
    tool.line(`SCRAM credential configs for user-principal '${name}' are ${shown.join(', ')}`)
  }
}

export async function alterUsersOrClients(
  tool: Tool,
  admin: Admin,
  entity: Entity,
  changes: Changes,
): Promise<void> {
  const { types, names } = entity
  const added = [...changes.added.keys()]
  const { deleted } = changes
  const unknownAdded = added.filter((name) => !isScram(name) && !isQuota(name))
  const unknownDeleted = deleted.filter((name) => !isScram(name) && !isQuota(name))
  const scramAdded = added.filter(isScram)
  const scramDeleted = deleted.filter(isScram)
  const hasQuota = [...added, ...deleted].some(isQuota)
  const refuse = (what: string, verb: string, type: string, shown: string) =>
    illegalArgument(
      `Only ${what} configs can be ${verb} for '${type}' using --bootstrap-server. Unexpected config names: ${shown}`,
    )
  if (types[0] === CLIENTS || types.length === 2) {
    const oddAdded = [...unknownAdded, ...scramAdded]
    if (oddAdded.length > 0) throw refuse('quota', 'added', CLIENTS, scalaSet(oddAdded))
    const oddDeleted = [...unknownDeleted, ...scramDeleted]
    if (oddDeleted.length > 0) throw refuse('quota', 'deleted', CLIENTS, scalaBuffer(oddDeleted))
  } else {
    const what = 'quota and SCRAM credential'
    if (unknownAdded.length > 0) throw refuse(what, 'added', USERS, scalaSet(unknownAdded))
    if (unknownDeleted.length > 0) throw refuse(what, 'deleted', USERS, scalaBuffer(unknownDeleted))
    if (scramAdded.length + scramDeleted.length > 0) {
      if (names.includes('')) {
        throw illegalArgument(
          'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
        )
      }
      if (hasQuota) {
        throw illegalArgument(
          "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
        )
      }
    }
  }
  if (hasQuota) await alterQuotas(tool, admin, entity, changes)
  else await alterScram(tool, admin, names[0] ?? '', changes)
}

export async function alterIps(tool: Tool, admin: Admin, entity: Entity, changes: Changes): Promise<void> {
  const unknown = [...changes.added.keys(), ...changes.deleted].filter((name) => !IP_QUOTAS.includes(name))
  if (unknown.length > 0) {
    throw illegalArgument(
      `Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: ${unknown.join(',')}`,
    )
  }
  await alterQuotas(tool, admin, entity, changes)
}

async function alterQuotas(
  tool: Tool,
  admin: Admin,
  entity: Entity,
  { added, deleted }: Changes,
): Promise<void> {
  const [old] = await quotasOf(tool, admin, entity)
  const invalid = deleted.filter((name) => old?.values[name] === undefined)
  if (invalid.length > 0) throw kafkaException('INVALID_CONFIG', `Invalid config(s): ${invalid.join(',')}`)
  const { types, names } = entity
  const target = Object.fromEntries(types.map((type, i) => [QUOTA_TYPES[type] ?? type, names[i] || null]))
  const values: Record<string, number | null> = {}
  for (const [name, text] of added) {
    const value = parseJavaDouble(text)
    if (value === undefined)
      throw illegalArgument(`Cannot parse quota configuration value for ${name}: ${text}`)
    values[name] = value
  }
  for (const name of deleted) values[name] = null
  const results = await wrapped(
    tool,
    'alterClientQuotas',
    admin.alterClientQuotas([{ entity: target, values }]),
  )
  for (const { error } of results) if (error !== null) throw executionException(error)
}

async function alterScram(
  tool: Tool,
  admin: Admin,
  user: string,
  { added, deleted }: Changes,
): Promise<void> {
  const alterations: ScramAlteration[] = deleted
    .filter(isScram)
    .map((mechanism) => ({ op: 'delete', user, mechanism }))
  for (const [mechanism, text] of added)
    if (isScram(mechanism)) alterations.push({ op: 'set', user, mechanism, ...credentialOf(mechanism, text) })
  const results = await wrapped(
    tool,
    'alterUserScramCredentials',
    admin.alterUserScramCredentials(alterations),
  )
  for (const { error } of results) if (error !== null) throw executionException(error)
}

/** `iterations=N,password=…` or `password=…` */
function credentialOf(mechanism: ScramMechanism, text: string): { password: string; iterations: number } {
  const [, given, password] = /^(?:iterations=(-?[0-9]*),)?password=(.*)$/.exec(text) ?? []
  if (password === undefined) {
    const shown = mechanism.replaceAll('-', '_')
    throw illegalArgument(`Invalid credential property ${shown}=${text}`)
  }
  const iterations = given === undefined || given === '-1' ? MIN_ITERATIONS : javaInt(given)
  if (iterations < MIN_ITERATIONS) {
    throw illegalArgument(
      `Iterations ${iterations} is less than the minimum ${MIN_ITERATIONS} required for ${mechanism}`,
    )
  }
  return { password, iterations }
}

function scalaBuffer(items: readonly string[]): string {
  return `ArrayBuffer(${items.join(', ')})`
}

/** What fails as a whole is wrapped, too. */
async function wrapped<T>(tool: Tool, name: string, work: Promise<T>): Promise<T> {
  return tool.call(name, work).catch((error: unknown) => {
    throw executionException(error)
  })
}
