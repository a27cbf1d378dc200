/** Answers of two clusters, without what differs from one to the next. */

/** Fields whose value is chance, by what stands in their place. */
const CHANCE: Readonly<Record<string, string>> = {
  clusterId: 'CLUSTER',
  controllerId: 'BROKER',
  leaderId: 'BROKER',
  nodeId: 'BROKER',
  port: 'PORT',
  host: 'HOST',
  topicId: 'TOPIC-ID',
  sessionId: 'SESSION',
  producerId: 'PRODUCER',
  producerIdStart: 'PRODUCER',
  logDir: 'DIR',
}
/** What means "none" is not chance. */
const NONE: ReadonlySet<unknown> = new Set([-1, 0, '', null, 'AAAAAAAAAAAAAAAAAAAAAA'])
/** Lists of broker ids: their length counts. */
const BROKER_LISTS: ReadonlySet<string> = new Set(['replicaNodes', 'isrNodes', 'offlineReplicas'])
/** Lists without an order. */
const SETS: ReadonlySet<string> = new Set(['brokers', 'topics', 'nodeEndpoints', 'configs', 'partitions'])
/** Configurations that say who a broker is and where it lives. */
const OWN_CONFIGS: ReadonlySet<string> = new Set([
  'advertised.listeners',
  'broker.id',
  'inter.broker.listener.name',
  'listener.security.protocol.map',
  'listeners',
  'log.dir',
  'log.dirs',
  'node.id',
  'zookeeper.connect',
])

export function neutralAnswer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(neutralAnswer)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const isOwnConfig = entries.some(([name, text]) => name === 'name' && OWN_CONFIGS.has(String(text)))
  const isBroker = entries.some(([name, type]) => name === 'resourceType' && type === 4)
  return Object.fromEntries(
    entries.map(([name, content]) => [
      name,
      isOwnConfig && name !== 'name' ? 'OWN' : field(name, isBroker ? withoutIds(content) : content),
    ]),
  )
}

function field(name: string, content: unknown): unknown {
  if (BROKER_LISTS.has(name) && Array.isArray(content)) return content.map(() => 'BROKER')
  const chance = CHANCE[name]
  // Broker 0 is a broker like the others.
  const isNone = NONE.has(content) && !(chance === 'BROKER' && content === 0)
  if (chance !== undefined && !isNone) return chance
  // The size of the volume: kcli does not tell it.
  if (name === 'totalBytes' || name === 'usableBytes') return 'BYTES'
  if (name === 'logAppendTimeMs' && typeof content === 'number' && content > 0) return 'TIME'
  if (SETS.has(name) && Array.isArray(content)) return content.map(neutralAnswer).sort(byText)
  return neutralAnswer(content)
}

/** A broker's number as the name of a resource and in messages about it. */
const withoutIds = (content: unknown) =>
  typeof content === 'string'
    ? content
        .replace(/^[0-2]$/, 'BROKER')
        .replace(/expected [0-2]( or empty string)?, but received \d+$/, 'expected N$1')
    : content

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
