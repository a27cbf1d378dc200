/** What kafka-configs is told to look at or to change, and the checks of its command line. */
import { illegalArgument, isJavaInt } from '../java-lang.ts'
import type { Tool } from '../tool.ts'

export const TOPICS = 'topics'
export const CLIENTS = 'clients'
export const USERS = 'users'
export const BROKERS = 'brokers'
export const IPS = 'ips'
export const BROKER_LOGGERS = 'broker-loggers'
export const CLIENT_METRICS = 'client-metrics'

const TYPES = [TOPICS, CLIENTS, USERS, BROKERS, IPS, BROKER_LOGGERS, CLIENT_METRICS]
const ZOOKEEPER_TYPES = [USERS, BROKERS]

/** Options that say type and name in one. */
const NAMED = [
  ['topic', TOPICS],
  ['client', CLIENTS],
  ['user', USERS],
  ['broker', BROKERS],
  ['broker-logger', BROKER_LOGGERS],
  ['ip', IPS],
] as const
const DEFAULTS = [
  ['client-defaults', CLIENTS],
  ['user-defaults', USERS],
  ['broker-defaults', BROKERS],
  ['ip-defaults', IPS],
] as const

/** Types and names in the order of the command line; '' is what holds where nothing else is said. */
export interface Entity {
  readonly types: readonly string[]
  readonly names: readonly string[]
}

export function entityOf({ options }: Tool): Entity {
  const namesLeft = [...options.values('entity-name')]
  const names = options.detected.flatMap(({ names: [name] }) => {
    if (name === 'entity-name') return namesLeft.shift() ?? ''
    return name === 'entity-default' ? '' : []
  })
  const named = NAMED.filter(([option]) => options.has(option))
  const defaults = DEFAULTS.filter(([option]) => options.has(option))
  return {
    types: [...options.values('entity-type'), ...[...named, ...defaults].map(([, type]) => type)],
    names: [...names, ...named.map(([option]) => options.value(option) ?? ''), ...defaults.map(() => '')],
  }
}

/** ConfigCommandOptions.checkArgs */
export async function checkArgs(tool: Tool): Promise<void> {
  const { options } = tool
  if (options.has('alter') === options.has('describe'))
    throw tool.usage('Command must include exactly one action: --describe, --alter')
  tool.exclude('describe', ['alter', 'add-config', 'delete-config'])
  const { types, names } = entityOf(tool)
  checkTypes(tool, types)
  const isPlain = ['entity-name', 'entity-type', 'entity-default'].some((option) => options.has(option))
  if (isPlain && [...NAMED, ...DEFAULTS].some(([option]) => options.has(option))) {
    throw illegalArgument(
      '--entity-{type,name,default} should not be used in conjunction with specific entity flags',
    )
  }
  checkConnection(tool)
  const hasName = names.some((name) => name !== '')
  if (hasName) await checkNames(tool, types)
  if (options.has('describe') && types.includes(BROKER_LOGGERS) && !hasName)
    throw illegalArgument(`an entity name must be specified with --describe of ${types.join(',')}`)
  if (options.has('alter')) checkAlteration(tool, types, names)
}

function checkTypes({ options }: Tool, types: readonly string[]): void {
  const twice = types.filter((type, i) => types.indexOf(type) < i)
  if (twice.length > 0) throw illegalArgument(`Duplicate entity type(s) specified: ${twice.join(',')}`)
  const isBroker = options.has('bootstrap-server') || options.has('bootstrap-controller')
  const allowed = isBroker ? TYPES : ZOOKEEPER_TYPES
  const invalid = types.find((type) => !allowed.includes(type))
  if (invalid !== undefined) {
    const option = isBroker ? '--bootstrap-server or --bootstrap-controller' : '--zookeeper'
    throw illegalArgument(
      `Invalid entity type ${invalid}, the entity type must be one of ${allowed.join(', ')} with a ${option} argument`,
    )
  }
  if (types.length === 0) throw illegalArgument('At least one entity type must be specified')
  if (types.length > 1 && !(types.length === 2 && types.includes(USERS) && types.includes(CLIENTS)))
    throw illegalArgument("Only 'users' and 'clients' entity types may be specified together")
}

function checkConnection({ options }: Tool): void {
  const given = ['bootstrap-server', 'bootstrap-controller', 'zookeeper'].filter((option) =>
    options.has(option),
  )
  if (given.length === 0) {
    throw illegalArgument(
      'One of the required --bootstrap-server, --boostrap-controller, or --zookeeper arguments must be specified',
    )
  }
  if (given.length > 1) {
    throw illegalArgument(
      'Only one of --bootstrap-server, --boostrap-controller, and --zookeeper can be specified',
    )
  }
  if (options.has('all') && options.has('zookeeper'))
    throw illegalArgument('--bootstrap-server must be specified for --all')
  if (options.has('zk-tls-config-file') && !options.has('zookeeper')) {
    throw illegalArgument('Only the --zookeeper option can be used with the --zk-tls-config-file option.')
  }
}

async function checkNames({ options }: Tool, types: readonly string[]): Promise<void> {
  const valuesOf = (names: readonly string[]) =>
    names.filter((name) => options.has(name)).map((name) => options.value(name) ?? '')
  if (types.includes(BROKERS) || types.includes(BROKER_LOGGERS)) {
    for (const id of valuesOf(['entity-name', 'broker', 'broker-logger']))
      if (!isJavaInt(id)) {
        throw illegalArgument(
          `The entity name for ${types[0]} must be a valid integer broker id, but it is: ${id}`,
        )
      }
  }
  if (types.includes(IPS)) {
    for (const address of valuesOf(['entity-name', 'ip']))
      if (!(await isHost(address))) {
        throw illegalArgument(
          `The entity name for ${types[0]} must be a valid IP or resolvable host, but it is: ${address}`,
        )
      }
  }
}

async function isHost(address: string): Promise<boolean> {
  const { lookup } = await import('node:dns/promises')
  return lookup(address).then(
    () => true,
    () => false,
  )
}

function checkAlteration({ options }: Tool, types: readonly string[], names: readonly string[]): void {
  const isWithDefault = [USERS, CLIENTS, BROKERS, IPS].some((type) => types.includes(type))
  if (isWithDefault && names.length === 0) {
    throw illegalArgument(
      'an entity-name or default entity must be specified with --alter of users, clients, brokers or ips',
    )
  }
  if (!isWithDefault && !names.some((name) => name !== ''))
    throw illegalArgument(`an entity name must be specified with --alter of ${types.join(',')}`)
  if (options.has('add-config') && options.has('add-config-file'))
    throw illegalArgument('Only one of --add-config or --add-config-file must be specified')
  if (!['add-config', 'add-config-file', 'delete-config'].some((option) => options.has(option))) {
    throw illegalArgument(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    )
  }
}
