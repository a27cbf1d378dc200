/** What Kafka means by a znode, line by line; undefined for one that is none of Kafka's (kafka.zk.ZkData). */
export function explain(path: string, data: Buffer | null): string[] | undefined {
  for (const [pattern, tell] of EXPLANATIONS) {
    const match = pattern.exec(path)
    if (match === null) continue
    return tell({ names: match.slice(1), json: jsonOf(data), text: data?.toString('utf8') ?? '' })
  }
  return undefined
}

interface Subject {
  /** What the pattern caught. */
  readonly names: readonly string[]
  readonly json: Json
  readonly text: string
}

type Json = Readonly<Record<string, unknown>>

function jsonOf(data: Buffer | null): Json {
  try {
    const value: unknown = JSON.parse(data?.toString('utf8') ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
  } catch {
    return {}
  }
}

/** A chroot may stand before each path. */
const EXPLANATIONS: readonly (readonly [RegExp, (subject: Subject) => string[]])[] = [
  [
    /\/controller$/,
    ({ json }) => [
      `Broker ${json.brokerid} is the controller: it decides who leads each partition.`,
      `It came into office at ${timeOf(json.timestamp)}. The node is ephemeral: when that broker's session ends,`,
      'the node goes and the other brokers race to make it again.',
    ],
  ],
  [
    /\/controller_epoch$/,
    ({ text }) => [`The controller has changed ${text} times. Requests of an earlier epoch are refused.`],
  ],
  [/\/brokers\/ids\/(\d+)$/, explainBroker],
  [
    /\/brokers\/topics\/([^/]+)\/partitions\/(\d+)\/state$/,
    ({ names: [topic, partition], json }) => [
      `Partition ${partition} of ${topic}: ${leaderText(json.leader)} since leader epoch ${json.leader_epoch}.`,
      `In sync (ISR): ${listText(json.isr)}. What all of these have is committed.`,
      `Written by the controller of epoch ${json.controller_epoch}.`,
      ...(json.leader_recovery_state === 1 ? ['The leader was elected uncleanly and is recovering.'] : []),
    ],
  ],
  [/\/brokers\/topics\/([^/]+)$/, explainTopic],
  [
    /\/config\/(topics|brokers|clients|users|ips)\/([^/]+)$/,
    ({ names: [type = '', name], json }) => {
      const config = Object.entries((json.config ?? {}) as Json)
      const owner = `${type.slice(0, -1)} ${name === '<default>' ? '(the default of all)' : name}`
      if (config.length === 0) return [`The ${owner} has no settings of its own.`]
      return [`Settings of the ${owner}:`, ...config.map(([key, value]) => `${key} = ${value}`)]
    },
  ],
  [
    /\/config\/changes\/config_change_\d+$/,
    ({ json }) => [
      `Tells every broker that the settings of ${json.entity_path} have changed. Kept for 15 minutes.`,
    ],
  ],
  [
    /\/isr_change_notification\/isr_change_\d+$/,
    () => ['Tells the controller that a leader has changed the ISR of some partitions.'],
  ],
  [
    /\/log_dir_event_notification\/log_dir_event_\d+$/,
    ({ json }) => [`Tells the controller that a log directory of broker ${json.broker} has failed.`],
  ],
  [
    /\/admin\/delete_topics\/([^/]+)$/,
    ({ names: [topic] }) => [
      `The topic ${topic} is to be deleted; the controller is at it or waits for a broker.`,
    ],
  ],
  [/\/admin\/reassign_partitions$/, () => ['A reassignment that was asked for through ZooKeeper.']],
  [
    /\/admin\/preferred_replica_election$/,
    () => ['A preferred leader election that was asked for through ZooKeeper.'],
  ],
  [/\/cluster\/id$/, ({ json }) => [`The id of this cluster: ${json.id}.`]],
  [
    /\/latest_producer_id_block$/,
    ({ json }) => [
      `Broker ${json.broker} has the producer ids ${json.block_start} to ${json.block_end} to give out.`,
    ],
  ],
  [
    /\/kafka-acl\/([^/]+)\/([^/]+)$/,
    ({ names: [type, name], json }) => [
      `Access to the ${type} ${name}:`,
      ...((json.acls ?? []) as Json[]).map(
        (acl) => `${acl.principal} ${acl.permissionType} ${acl.operation} from ${acl.host}`,
      ),
    ],
  ],
  [
    /\/brokers\/ids$/,
    () => ['One ephemeral node for each broker that is up: it goes when the session of that broker ends.'],
  ],
  [/\/brokers\/seqid$/, () => ['Its version is the last broker id that was generated.']],
]

function explainBroker({ names: [id], json }: Subject): string[] {
  const endpoints = Array.isArray(json.endpoints) ? json.endpoints : []
  return [
    `Broker ${id} is up since ${timeOf(json.timestamp)} and listens at:`,
    ...endpoints.map((endpoint) => `${endpoint}`),
    ...(typeof json.rack === 'string' ? [`It stands in rack ${json.rack}.`] : []),
    'The transaction that made this node is its broker epoch.',
  ]
}

function explainTopic({ names: [topic], json }: Subject): string[] {
  const partitions = Object.entries((json.partitions ?? {}) as Json).sort(([a], [b]) => Number(a) - Number(b))
  const adding = (json.adding_replicas ?? {}) as Json
  const removing = (json.removing_replicas ?? {}) as Json
  return [
    `Topic ${topic}${json.topic_id === undefined ? '' : ` (id ${json.topic_id})`}, ${partitions.length} partitions:`,
    ...partitions.map(([partition, replicas]) => {
      const moves = [
        ...(adding[partition] === undefined ? [] : [`adding ${listText(adding[partition])}`]),
        ...(removing[partition] === undefined ? [] : [`removing ${listText(removing[partition])}`]),
      ]
      const moving = moves.length === 0 ? '' : ` (${moves.join(', ')})`
      return `${partition}: replicas on ${listText(replicas)}, the first is the preferred leader${moving}`
    }),
  ]
}

function leaderText(leader: unknown): string {
  return leader === -1 ? 'nobody leads' : `broker ${leader} leads`
}

function listText(ids: unknown): string {
  const list = Array.isArray(ids) ? ids : []
  return list.length === 0 ? 'nobody' : list.join(', ')
}

function timeOf(ms: unknown): string {
  const date = new Date(Number(ms))
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString()
}
