import { KcliError } from '../../base/errors.ts'
import { javaPropertiesOrder, scalaImmutableOrder, scalaMutableOrder } from './java-order.ts'

/**
 * What Kafka keeps in ZooKeeper: one object a znode, with its path, and the bytes that Kafka 3.9 writes (kafka.zk.ZkData),
 * down to the order of the JSON keys.
 */

/** A znode that does not hold what Kafka writes there. */
export class ZnodeError extends KcliError {
  constructor(path: string, reason: string) {
    super('KCLI_ZNODE', `${path}: ${reason}`)
  }
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface ReplicaAssignment {
  /** Broker ids, the preferred leader first. During a reassignment the added and removed ones are among them. */
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export interface TopicAssignment {
  /** Undefined for topics of Kafka before 2.8: the controller gives them one. */
  readonly topicId: string | undefined
  readonly partitions: ReadonlyMap<number, ReplicaAssignment>
}

/** org.apache.kafka.metadata.LeaderRecoveryState. */
export const RECOVERED = 0
export const RECOVERING = 1

export const NO_LEADER = -1

export interface LeaderAndIsr {
  /** {@link NO_LEADER} when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: number
  /** The version of the znode. */
  readonly partitionEpoch: number
}

export interface LeaderIsrAndControllerEpoch {
  readonly leaderAndIsr: LeaderAndIsr
  readonly controllerEpoch: number
}

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** org.apache.kafka.common.security.auth.SecurityProtocol.id: the place in this list. */
export const SECURITY_PROTOCOLS: readonly SecurityProtocol[] = [
  'PLAINTEXT',
  'SSL',
  'SASL_PLAINTEXT',
  'SASL_SSL',
]

export interface BrokerEndpoint {
  readonly listenerName: string
  readonly securityProtocol: SecurityProtocol
  readonly host: string
  readonly port: number
}

export interface BrokerInfo {
  readonly id: number
  readonly endpoints: readonly BrokerEndpoint[]
  readonly rack: string | null
  /** Supported features (KIP-584): `{ name: { min_version, max_version } }`. */
  readonly features: Readonly<Record<string, Readonly<Record<string, number>>>>
}

type Json = Record<string, unknown>

function bytesOf(json: string): Buffer {
  return Buffer.from(json, 'utf8')
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Undefined when the bytes are no JSON object, as Kafka treats them. */
function parse(bytes: Uint8Array | null): Json | undefined {
  if (bytes === null || bytes.length === 0) return undefined
  try {
    return objectOf(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')))
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function integer(json: Json, key: string, path: string): number {
  const value = json[key]
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new ZnodeError(path, `'${key}' is no integer`)
  return value
}

function text(json: Json, key: string, path: string): string {
  const value = json[key]
  if (typeof value !== 'string') throw new ZnodeError(path, `'${key}' is no string`)
  return value
}

const NOBODY: readonly number[] = []

function integers(value: unknown, path: string): readonly number[] {
  if (!Array.isArray(value) || !value.every((each) => Number.isInteger(each))) {
    throw new ZnodeError(path, 'a list of broker ids is expected')
  }
  return value
}

export const PERSISTENT_PATHS: readonly string[] = [
  '/consumers',
  '/brokers/ids',
  '/brokers/topics',
  '/config/changes',
  '/admin/delete_topics',
  '/brokers/seqid',
  '/isr_change_notification',
  '/latest_producer_id_block',
  '/log_dir_event_notification',
  '/config/topics',
  '/config/clients',
  '/config/users',
  '/config/brokers',
  '/config/ips',
]

export const controllerZnode = {
  path: '/controller',
  encode: (brokerId: number, timestampMs: number) =>
    bytesOf(`{"version":2,"brokerid":${brokerId},"timestamp":"${timestampMs}","kraftControllerEpoch":-1}`),
  decode(bytes: Uint8Array | null): number {
    const json = parse(bytes)
    if (json === undefined) throw new ZnodeError('/controller', 'no JSON object')
    return integer(json, 'brokerid', '/controller')
  },
}

export const controllerEpochZnode = {
  path: '/controller_epoch',
  encode: (epoch: number) => bytesOf(String(epoch)),
  decode(bytes: Uint8Array | null): number {
    const digits = Buffer.from(bytes ?? []).toString('utf8')
    if (!/^\d+$/.test(digits)) throw new ZnodeError('/controller_epoch', 'no number')
    return Number(digits)
  },
}

export const clusterIdZnode = {
  path: '/cluster/id',
  encode: (id: string) => bytesOf(`{"version":"1","id":${quoted(id)}}`),
  decode(bytes: Uint8Array | null): string {
    const json = parse(bytes)
    if (json === undefined) throw new ZnodeError('/cluster/id', 'no JSON object')
    return text(json, 'id', '/cluster/id')
  },
}

export const brokerIdsZnode = { path: '/brokers/ids' }

export const brokerIdZnode = {
  path: (id: number) => `/brokers/ids/${id}`,
  /** Version 5. Host and port are those of the first plaintext endpoint, for clients of old. */
  encode(broker: BrokerInfo, timestampMs: number, jmxPort = -1): Buffer {
    const plaintext = broker.endpoints.find((endpoint) => endpoint.securityProtocol === 'PLAINTEXT')
    const protocols = new Map(broker.endpoints.map((each) => [each.listenerName, each.securityProtocol]))
    const map = scalaImmutableOrder([...protocols.keys()])
      .map((name) => `${quoted(name)}:${quoted(protocols.get(name) ?? '')}`)
      .join(',')
    const endpoints = broker.endpoints.map((each) => quoted(`${each.listenerName}://${hostPort(each)}`))
    const rack = broker.rack === null ? '' : `"rack":${quoted(broker.rack)},`
    return bytesOf(
      `{"features":${JSON.stringify(broker.features)},"listener_security_protocol_map":{${map}},` +
        `"endpoints":[${endpoints.join(',')}],${rack}"jmx_port":${jmxPort},` +
        `"port":${plaintext?.port ?? -1},"host":${plaintext === undefined ? 'null' : quoted(plaintext.host)},` +
        `"version":5,"timestamp":"${timestampMs}"}`,
    )
  },
  decode(id: number, bytes: Uint8Array | null): BrokerInfo {
    const path = brokerIdZnode.path(id)
    const json = parse(bytes)
    if (json === undefined) throw new ZnodeError(path, 'no JSON object')
    const version = integer(json, 'version', path)
    if (version < 1) throw new ZnodeError(path, `unsupported version ${version} of a broker registration`)
    const rack = typeof json.rack === 'string' ? json.rack : null
    const features = (objectOf(json.features) ?? {}) as Record<string, Record<string, number>>
    return { id, endpoints: brokerEndpoints(json, version, path), rack, features }
  },
}

function hostPort({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function brokerEndpoints(json: Json, version: number, path: string): BrokerEndpoint[] {
  if (version === 1) {
    const host = text(json, 'host', path)
    const port = integer(json, 'port', path)
    return [{ listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host, port }]
  }
  const protocols = objectOf(json.listener_security_protocol_map)
  if (!Array.isArray(json.endpoints)) throw new ZnodeError(path, "'endpoints' is no list")
  return json.endpoints.map((endpoint: unknown) => {
    const parts = /^([^:]+):\/\/(?:\[([^\]]*)\]|([^:]*)):(-?\d+)$/.exec(String(endpoint))
    if (parts === null) throw new ZnodeError(path, `not an endpoint: ${String(endpoint)}`)
    const [, listenerName = '', ipv6, name = '', port] = parts
    const protocol = protocols === undefined ? listenerName : protocols[listenerName]
    const securityProtocol = SECURITY_PROTOCOLS.find((each) => each === protocol)
    if (securityProtocol === undefined) {
      throw new ZnodeError(path, `no security protocol for listener ${listenerName}`)
    }
    return { listenerName, securityProtocol, host: ipv6 ?? name, port: Number(port) }
  })
}

export const topicsZnode = { path: '/brokers/topics' }

export const topicZnode = {
  path: (topic: string) => `/brokers/topics/${topic}`,
  encode({ topicId, partitions }: TopicAssignment): Buffer {
    const lists = (pick: (assignment: ReplicaAssignment) => readonly number[], withEmpty: boolean) => {
      const byKey = new Map<string, readonly number[]>()
      for (const [partition, assignment] of partitions) {
        const ids = pick(assignment)
        if (withEmpty || ids.length > 0) byKey.set(String(partition), ids)
      }
      const keys = scalaMutableOrder([...byKey.keys()])
      return `{${keys.map((key) => `"${key}":[${byKey.get(key)?.join(',') ?? ''}]`).join(',')}}`
    }
    return bytesOf(
      `{"partitions":${lists((each) => each.replicas, true)},` +
        (topicId === undefined ? '' : `"topic_id":"${topicId}",`) +
        `"adding_replicas":${lists((each) => each.addingReplicas, false)},` +
        `"removing_replicas":${lists((each) => each.removingReplicas, false)},"version":3}`,
    )
  },
  /** Partitions in the order of their numbers. Anything but JSON counts as a topic without partitions. */
  decode(topic: string, bytes: Uint8Array | null): TopicAssignment {
    const path = topicZnode.path(topic)
    const json = parse(bytes)
    const adding = objectOf(json?.adding_replicas)
    const removing = objectOf(json?.removing_replicas)
    const partitions = new Map<number, ReplicaAssignment>()
    for (const [key, replicas] of Object.entries(objectOf(json?.partitions) ?? {})) {
      if (!/^\d+$/.test(key)) throw new ZnodeError(path, `'${key}' is no partition`)
      partitions.set(Number(key), {
        replicas: integers(replicas, path),
        addingReplicas: integers(adding?.[key] ?? NOBODY, path),
        removingReplicas: integers(removing?.[key] ?? NOBODY, path),
      })
    }
    const topicId = typeof json?.topic_id === 'string' ? json.topic_id : undefined
    return { topicId, partitions }
  },
}

/** What consumers of before 0.9 committed, as a number in decimal (ConsumerOffset in ZkData). */
export const consumerOffsetZnode = {
  path: (groupId: string, topic: string, partition: number) =>
    `/consumers/${groupId}/offsets/${topic}/${partition}`,
}

export const topicPartitionsZnode = { path: (topic: string) => `/brokers/topics/${topic}/partitions` }

export const topicPartitionZnode = {
  path: (topic: string, partition: number) => `/brokers/topics/${topic}/partitions/${partition}`,
}

export const partitionStateZnode = {
  path: (topic: string, partition: number) => `/brokers/topics/${topic}/partitions/${partition}/state`,
  encode({ leaderAndIsr, controllerEpoch }: LeaderIsrAndControllerEpoch): Buffer {
    const { leader, leaderEpoch, isr, leaderRecoveryState } = leaderAndIsr
    const recovery =
      leaderRecoveryState === RECOVERED ? '' : `"leader_recovery_state":${leaderRecoveryState},`
    return bytesOf(
      `{"controller_epoch":${controllerEpoch},"leader":${leader},"version":1,${recovery}` +
        `"leader_epoch":${leaderEpoch},"isr":[${isr.join(',')}]}`,
    )
  },
  /** `version` is that of the znode. Undefined when there is no JSON in it. */
  decode(
    topic: string,
    partition: number,
    bytes: Uint8Array | null,
    version: number,
  ): LeaderIsrAndControllerEpoch | undefined {
    const json = parse(bytes)
    if (json === undefined) return undefined
    const path = partitionStateZnode.path(topic, partition)
    const leaderAndIsr = {
      leader: integer(json, 'leader', path),
      leaderEpoch: integer(json, 'leader_epoch', path),
      isr: integers(json.isr, path),
      leaderRecoveryState: json.leader_recovery_state === RECOVERING ? RECOVERING : RECOVERED,
      partitionEpoch: version,
    }
    return { leaderAndIsr, controllerEpoch: integer(json, 'controller_epoch', path) }
  },
}

export type ConfigEntityType = 'topics' | 'clients' | 'users' | 'brokers' | 'ips'

export const configEntityTypeZnode = { path: (type: ConfigEntityType) => `/config/${type}` }

export const configEntityZnode = {
  path: (type: ConfigEntityType, name: string) => `/config/${type}/${name}`,
  encode(config: ReadonlyMap<string, string>): Buffer {
    const entries = javaPropertiesOrder([...config.keys()]).map(
      (key) => `${quoted(key)}:${quoted(config.get(key) ?? '')}`,
    )
    return bytesOf(`{"version":1,"config":{${entries.join(',')}}}`)
  },
  /** Empty when there is no JSON in it. */
  decode(path: string, bytes: Uint8Array | null): Map<string, string> {
    const config = objectOf(parse(bytes)?.config) ?? {}
    return new Map(Object.keys(config).map((key) => [key, text(config, key, path)]))
  },
}

export const configChangesZnode = {
  path: '/config/changes',
  prefix: '/config/changes/config_change_',
  /** `entityPath`: `topics/orders`, `brokers/0`, `brokers/<default>`. */
  encode: (entityPath: string) => bytesOf(`{"version":2,"entity_path":${quoted(entityPath)}}`),
  /** Undefined when it is not a notification of version 1 or 2. */
  decode(bytes: Uint8Array | null): string | undefined {
    const json = parse(bytes)
    if (json === undefined) return undefined
    if (json.version === 2 && typeof json.entity_path === 'string') return json.entity_path
    const { entity_type: type, entity_name: name } = json
    if (json.version === 1 && typeof type === 'string' && typeof name === 'string') return `${type}/${name}`
    return undefined
  },
}

export const isrChangesZnode = {
  path: '/isr_change_notification',
  prefix: '/isr_change_notification/isr_change_',
  encode: (partitions: readonly TopicPartition[]) =>
    bytesOf(
      `{"version":1,"partitions":[${partitions
        .map(({ topic, partition }) => `{"topic":${quoted(topic)},"partition":${partition}}`)
        .join(',')}]}`,
    ),
  decode(bytes: Uint8Array | null): TopicPartition[] {
    const { path } = isrChangesZnode
    const list = parse(bytes)?.partitions
    if (!Array.isArray(list)) return []
    return list.map((each: unknown) => {
      const json = objectOf(each) ?? {}
      return { topic: text(json, 'topic', path), partition: integer(json, 'partition', path) }
    })
  },
}

export const logDirEventsZnode = {
  path: '/log_dir_event_notification',
  prefix: '/log_dir_event_notification/log_dir_event_',
  /** Event 1: a log directory has failed. */
  encode: (brokerId: number) => bytesOf(`{"version":1,"broker":${brokerId},"event":1}`),
  decode(bytes: Uint8Array | null): number | undefined {
    const broker = parse(bytes)?.broker
    return typeof broker === 'number' ? broker : undefined
  },
}

export const deleteTopicsZnode = {
  path: '/admin/delete_topics',
  topicPath: (topic: string) => `/admin/delete_topics/${topic}`,
}

/** The partitions that a request in a znode names; none when there is no such list in it. */
function requestedPartitions(bytes: Uint8Array | null, path: string): { json: Json; of: TopicPartition }[] {
  const list = parse(bytes)?.partitions
  if (!Array.isArray(list)) return []
  return list.map((each: unknown) => {
    const json = objectOf(each) ?? {}
    return { json, of: { topic: text(json, 'topic', path), partition: integer(json, 'partition', path) } }
  })
}

/** Partitions and the replicas that they are to have: how tools asked for a reassignment before KIP-455. */
export const reassignPartitionsZnode = {
  path: '/admin/reassign_partitions',
  encode: (wanted: readonly (TopicPartition & { readonly replicas: readonly number[] })[]) =>
    bytesOf(
      `{"version":1,"partitions":[${wanted
        .map(
          ({ topic, partition, replicas }) =>
            `{"topic":${quoted(topic)},"partition":${partition},"replicas":[${replicas.join(',')}]}`,
        )
        .join(',')}]}`,
    ),
  decode(bytes: Uint8Array | null): (TopicPartition & { readonly replicas: readonly number[] })[] {
    const { path } = reassignPartitionsZnode
    return requestedPartitions(bytes, path).map(({ json, of }) => ({
      ...of,
      replicas: integers(json.replicas, path),
    }))
  },
}

/** Partitions whose preferred replica is to lead: how tools asked for it before KIP-183. */
export const preferredReplicaElectionZnode = {
  path: '/admin/preferred_replica_election',
  decode: (bytes: Uint8Array | null): TopicPartition[] =>
    requestedPartitions(bytes, preferredReplicaElectionZnode.path).map(({ of }) => of),
}

export const brokerSequenceIdZnode = { path: '/brokers/seqid' }

export interface ProducerIdsBlock {
  readonly broker: number
  /** First and last id of the block. */
  readonly start: number
  readonly end: number
}

export const producerIdBlockZnode = {
  path: '/latest_producer_id_block',
  encode: ({ broker, start, end }: ProducerIdsBlock) =>
    bytesOf(`{"version":1,"broker":${broker},"block_start":"${start}","block_end":"${end}"}`),
  decode(bytes: Uint8Array | null): ProducerIdsBlock {
    const path = '/latest_producer_id_block'
    const json = parse(bytes)
    if (json === undefined) throw new ZnodeError(path, 'no JSON object')
    const number = (key: string) => {
      const value = Number(text(json, key, path))
      if (!Number.isSafeInteger(value) || value < 0) throw new ZnodeError(path, `'${key}' is out of range`)
      return value
    }
    return { broker: integer(json, 'broker', path), start: number('block_start'), end: number('block_end') }
  },
}

export interface FinalizedFeatures {
  /** 0 disabled, 1 enabled. */
  readonly status: number
  readonly features: Readonly<Record<string, number>>
}

export const featureZnode = {
  path: '/feature',
  encode({ status, features }: FinalizedFeatures): Buffer {
    const levels = Object.entries(features).map(
      ([name, level]) => `${quoted(name)}:{"max_version_level":${level}}`,
    )
    return bytesOf(`{"features":{${levels.join(',')}},"version":2,"status":${status}}`)
  },
  decode(bytes: Uint8Array | null): FinalizedFeatures {
    const json = parse(bytes)
    if (json === undefined) throw new ZnodeError('/feature', 'no JSON object')
    const version = integer(json, 'version', '/feature')
    if (version < 1 || version > 2) throw new ZnodeError('/feature', `unsupported version ${version}`)
    const features: Record<string, number> = {}
    for (const [name, level] of Object.entries(objectOf(json.features) ?? {})) {
      features[name] = integer(objectOf(level) ?? {}, 'max_version_level', '/feature')
    }
    return { status: integer(json, 'status', '/feature'), features }
  },
}
