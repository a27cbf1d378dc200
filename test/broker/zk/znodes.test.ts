import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  brokerIdZnode,
  clusterIdZnode,
  configChangesZnode,
  configEntityZnode,
  controllerEpochZnode,
  controllerZnode,
  featureZnode,
  isrChangesZnode,
  logDirEventsZnode,
  partitionStateZnode,
  producerIdBlockZnode,
  topicZnode,
  ZnodeError,
} from '../../../src/broker/zk/index.ts'
import {
  javaPropertiesOrder,
  scalaImmutableOrder,
  scalaMutableOrder,
} from '../../../src/broker/zk/java-order.ts'

const bytes = (text: string) => Buffer.from(text)

// Written by Apache Kafka 3.9.1.
const CONTROLLER = '{"version":2,"brokerid":2,"timestamp":"1795228117733","kraftControllerEpoch":-1}'
const BROKER =
  '{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://127.0.0.1:19090"],"jmx_port":-1,"port":19090,"host":"127.0.0.1","version":5,"timestamp":"1795228118557"}'
const TOPIC =
  '{"partitions":{"0":[0],"1":[2]},"topic_id":"I7iIqibeQh6mcJvnnbp2nQ","adding_replicas":{},"removing_replicas":{},"version":3}'
const STATE = '{"controller_epoch":2,"leader":0,"version":1,"leader_epoch":0,"isr":[0]}'
const OFFSETS_CONFIG =
  '{"version":1,"config":{"compression.type":"producer","cleanup.policy":"compact","segment.bytes":"104857600"}}'
const PRODUCER_IDS = '{"version":1,"broker":0,"block_start":"0","block_end":"999"}'
const FEATURE = '{"features":{},"version":2,"status":1}'
const CLUSTER_ID = '{"version":"1","id":"Fqc-B8ywTJCxdp7sRPNfQg"}'

describe('bytes as Kafka writes them', () => {
  test('/controller and its epoch', () => {
    expect(controllerZnode.encode(2, 1795228117733).toString()).toBe(CONTROLLER)
    expect(controllerZnode.decode(bytes(CONTROLLER))).toBe(2)
    expect(controllerEpochZnode.encode(2).toString()).toBe('2')
    expect(controllerEpochZnode.decode(bytes('12'))).toBe(12)
  })

  test('/cluster/id', () => {
    expect(clusterIdZnode.encode('Fqc-B8ywTJCxdp7sRPNfQg').toString()).toBe(CLUSTER_ID)
    expect(clusterIdZnode.decode(bytes(CLUSTER_ID))).toBe('Fqc-B8ywTJCxdp7sRPNfQg')
  })

  test('a broker', () => {
    const broker = brokerIdZnode.decode(0, bytes(BROKER))
    expect(broker).toEqual({
      id: 0,
      endpoints: [
        { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: '127.0.0.1', port: 19090 },
      ],
      rack: null,
      features: {},
    })
    expect(brokerIdZnode.encode(broker, 1795228118557).toString()).toBe(BROKER)
  })

  test('a broker with a rack, an IPv6 address and no plaintext', () => {
    const broker = {
      id: 3,
      endpoints: [
        { listenerName: 'SECRET', securityProtocol: 'SASL_SSL' as const, host: '::1', port: 9094 },
        { listenerName: 'INTERNAL', securityProtocol: 'SSL' as const, host: '', port: 9095 },
      ],
      rack: 'r1',
      features: {},
    }
    const encoded = brokerIdZnode.encode(broker, 5)
    expect(encoded.toString()).toBe(
      '{"features":{},"listener_security_protocol_map":{"SECRET":"SASL_SSL","INTERNAL":"SSL"},"endpoints":["SECRET://[::1]:9094","INTERNAL://:9095"],"rack":"r1","jmx_port":-1,"port":-1,"host":null,"version":5,"timestamp":"5"}',
    )
    expect(brokerIdZnode.decode(3, encoded)).toEqual(broker)
  })

  test('brokers of old', () => {
    const old = '{"version":1,"host":"localhost","port":9092,"jmx_port":9999,"timestamp":"2233345666"}'
    expect(brokerIdZnode.decode(1, bytes(old)).endpoints).toEqual([
      { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: 'localhost', port: 9092 },
    ])
    const three =
      '{"version":3,"host":"h","port":1,"jmx_port":-1,"timestamp":"2","endpoints":["PLAINTEXT://host1:9092","SSL://host1:9093"],"rack":"dc1"}'
    const broker = brokerIdZnode.decode(1, bytes(three))
    expect(broker.rack).toBe('dc1')
    expect(broker.endpoints[1]).toMatchObject({ securityProtocol: 'SSL', port: 9093 })
  })

  test('a topic', () => {
    const topic = topicZnode.decode('facts', bytes(TOPIC))
    expect(topic.topicId).toBe('I7iIqibeQh6mcJvnnbp2nQ')
    expect([...topic.partitions.keys()]).toEqual([0, 1])
    expect(topic.partitions.get(1)).toEqual({ replicas: [2], addingReplicas: [], removingReplicas: [] })
    expect(topicZnode.encode(topic).toString()).toBe(TOPIC)
  })

  test('a topic during a reassignment, and one without an id', () => {
    const partitions = new Map([
      [0, { replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }],
      [1, { replicas: [2], addingReplicas: [], removingReplicas: [] }],
    ])
    const encoded = topicZnode.encode({ topicId: undefined, partitions })
    expect(encoded.toString()).toBe(
      '{"partitions":{"0":[1,2,3],"1":[2]},"adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]},"version":3}',
    )
    expect(topicZnode.decode('t', encoded)).toEqual({ topicId: undefined, partitions })
  })

  test('fifty partitions, in the order of __consumer_offsets', () => {
    const partitions = new Map(
      Array.from({ length: 50 }, (_, number) => [
        number,
        { replicas: [0], addingReplicas: [], removingReplicas: [] },
      ]),
    )
    const text = topicZnode.encode({ topicId: undefined, partitions }).toString()
    expect(text).toContain(
      '{"partitions":{"44":[0],"45":[0],"46":[0],"47":[0],"48":[0],"49":[0],"10":[0],"11":[0],"12":[0]',
    )
    expect(text).toContain('"19":[0],"0":[0],"1":[0]')
    expect([...topicZnode.decode('t', bytes(text)).partitions.keys()]).toEqual([...partitions.keys()])
  })

  test('the state of a partition', () => {
    const state = partitionStateZnode.decode('facts', 0, bytes(STATE), 4)
    expect(state).toEqual({
      leaderAndIsr: { leader: 0, leaderEpoch: 0, isr: [0], leaderRecoveryState: 0, partitionEpoch: 4 },
      controllerEpoch: 2,
    })
    expect(partitionStateZnode.encode(state!).toString()).toBe(STATE)
    const recovering = { ...state!, leaderAndIsr: { ...state!.leaderAndIsr, leaderRecoveryState: 1 } }
    const encoded = partitionStateZnode.encode(recovering)
    expect(encoded.toString()).toBe(
      '{"controller_epoch":2,"leader":0,"version":1,"leader_recovery_state":1,"leader_epoch":0,"isr":[0]}',
    )
    expect(partitionStateZnode.decode('facts', 0, encoded, 4)).toEqual(recovering)
  })

  test('configurations', () => {
    const config = new Map([
      ['cleanup.policy', 'compact'],
      ['segment.bytes', '104857600'],
      ['compression.type', 'producer'],
    ])
    const encoded = configEntityZnode.encode(config)
    expect(encoded.toString()).toBe(OFFSETS_CONFIG)
    expect(configEntityZnode.decode('', encoded)).toEqual(config)
    expect(configEntityZnode.decode('', null).size).toBe(0)
    expect(configChangesZnode.encode('topics/T').toString()).toBe('{"version":2,"entity_path":"topics/T"}')
    expect(configChangesZnode.decode(bytes('{"version":2,"entity_path":"topics/T"}'))).toBe('topics/T')
    const first = '{"version":1,"entity_type":"topics","entity_name":"T"}'
    expect(configChangesZnode.decode(bytes(first))).toBe('topics/T')
    expect(configChangesZnode.decode(bytes('{"version":3}'))).toBeUndefined()
  })

  test('notifications, producer ids, features', () => {
    const isr = isrChangesZnode.encode([{ topic: 't', partition: 3 }])
    expect(isr.toString()).toBe('{"version":1,"partitions":[{"topic":"t","partition":3}]}')
    expect(isrChangesZnode.decode(isr)).toEqual([{ topic: 't', partition: 3 }])
    expect(logDirEventsZnode.encode(1).toString()).toBe('{"version":1,"broker":1,"event":1}')
    expect(logDirEventsZnode.decode(logDirEventsZnode.encode(1))).toBe(1)
    expect(producerIdBlockZnode.encode({ broker: 0, start: 0, end: 999 }).toString()).toBe(PRODUCER_IDS)
    expect(producerIdBlockZnode.decode(bytes(PRODUCER_IDS))).toEqual({ broker: 0, start: 0, end: 999 })
    expect(featureZnode.encode({ status: 1, features: {} }).toString()).toBe(FEATURE)
    expect(featureZnode.decode(bytes(FEATURE))).toEqual({ status: 1, features: {} })
  })
})

describe('orders of hash maps', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index))

  // The expectations come from scala-library 2.13.15 and JDK 17.
  test('scala.collection.mutable.HashMap', () => {
    expect(scalaMutableOrder(numbers(12)).join(' ')).toBe('11 0 1 2 3 4 5 6 7 8 9 10')
    expect(scalaMutableOrder(numbers(24)).join(' ')).toBe(
      '22 23 10 11 12 13 14 15 16 17 18 19 0 1 2 3 4 5 6 7 8 9 20 21',
    )
    expect(scalaMutableOrder(numbers(200)).slice(0, 30).join(' ')).toBe(
      '110 111 112 113 114 115 116 117 118 119 10 11 12 13 14 15 16 17 18 19 120 0 121 1 122 2 123 3 124 4',
    )
  })

  test('scala.collection.immutable.Map', () => {
    const names = ['PLAINTEXT', 'SSL', 'INTERNAL', 'EXTERNAL', 'CONTROLLER', 'A', 'B', 'C', 'D']
    expect(scalaImmutableOrder(names).join(' ')).toBe('SSL A B EXTERNAL CONTROLLER C INTERNAL PLAINTEXT D')
    expect(scalaImmutableOrder(['b', 'a'])).toEqual(['b', 'a'])
    const state = ['version', 'leader', 'leader_epoch', 'controller_epoch', 'isr', 'leader_recovery_state']
    expect(scalaImmutableOrder(state).join(' ')).toBe(
      'controller_epoch leader version leader_recovery_state leader_epoch isr',
    )
  })

  test('java.util.Properties', () => {
    const names =
      'retention.ms cleanup.policy segment.bytes compression.type min.insync.replicas max.message.bytes flush.ms retention.bytes'
    expect(javaPropertiesOrder(names.split(' ')).join(' ')).toBe(
      'compression.type cleanup.policy flush.ms max.message.bytes min.insync.replicas retention.ms segment.bytes retention.bytes',
    )
    const more = `${names} segment.ms flush.messages preallocate index.interval.bytes delete.retention.ms`
    expect(javaPropertiesOrder(more.split(' ')).join(' ')).toBe(
      'compression.type max.message.bytes min.insync.replicas preallocate index.interval.bytes retention.bytes delete.retention.ms cleanup.policy flush.ms segment.ms segment.bytes retention.ms flush.messages',
    )
  })
})

describe('znodes that hold something else', () => {
  const garbage = [
    '',
    'x',
    '[]',
    'null',
    '{}',
    '{"version":5}',
    '{"version":"5"}',
    '{"partitions":{"0":"x"}}',
  ]

  test.each(garbage)('%s', (text) => {
    const data = bytes(text)
    expect(() => controllerZnode.decode(data)).toThrow(ZnodeError)
    expect(() => controllerEpochZnode.decode(data)).toThrow(ZnodeError)
    expect(() => brokerIdZnode.decode(1, data)).toThrow(ZnodeError)
    expect(() => clusterIdZnode.decode(data)).toThrow(ZnodeError)
    expect(() => producerIdBlockZnode.decode(data)).toThrow(ZnodeError)
    expect(() => featureZnode.decode(data)).toThrow(ZnodeError)
    expect(configChangesZnode.decode(data)).toBeUndefined()
    expect(isrChangesZnode.decode(data)).toEqual([])
  })

  test('topics and states', () => {
    expect(topicZnode.decode('t', bytes('x')).partitions.size).toBe(0)
    expect(() => topicZnode.decode('t', bytes('{"partitions":{"0":"x"}}'))).toThrow(ZnodeError)
    expect(() => topicZnode.decode('t', bytes('{"partitions":{"x":[1]}}'))).toThrow(ZnodeError)
    expect(partitionStateZnode.decode('t', 0, bytes('x'), 0)).toBeUndefined()
    expect(() => partitionStateZnode.decode('t', 0, bytes('{"leader":1}'), 0)).toThrow(ZnodeError)
  })
})

describe('znodes captured from a cluster', () => {
  interface Captured {
    readonly data: string | null
  }
  const url = new URL('../../golden/behaviour/znodes.json', import.meta.url)
  const groups: Record<string, Record<string, Captured>> = JSON.parse(readFileSync(url, 'utf8'))
  const captured = Object.values(groups).flatMap((group) =>
    Object.entries(group).flatMap(([path, { data }]) => (data ? [[path, data] as const] : [])),
  )

  /** Reads and writes again. */
  function rewritten(path: string, data: Buffer): Buffer | undefined {
    const parts = path.split('/').slice(1)
    const [first, second, third = ''] = parts
    if (path === '/controller') {
      const { timestamp } = JSON.parse(data.toString())
      return controllerZnode.encode(controllerZnode.decode(data), timestamp)
    }
    if (path === '/controller_epoch') return controllerEpochZnode.encode(controllerEpochZnode.decode(data))
    if (path === '/cluster/id') return clusterIdZnode.encode(clusterIdZnode.decode(data))
    if (path === '/feature') return featureZnode.encode(featureZnode.decode(data))
    if (path === '/latest_producer_id_block') {
      return producerIdBlockZnode.encode(producerIdBlockZnode.decode(data))
    }
    if (first === 'brokers' && second === 'ids') {
      const { timestamp } = JSON.parse(data.toString())
      return brokerIdZnode.encode(brokerIdZnode.decode(Number(third), data), timestamp)
    }
    if (first === 'brokers' && parts.length === 3) return topicZnode.encode(topicZnode.decode(third, data))
    if (first === 'brokers') {
      const state = partitionStateZnode.decode(third, Number(parts[4]), data, 0)
      return state === undefined ? undefined : partitionStateZnode.encode(state)
    }
    if (first === 'config' && second === 'changes') {
      return configChangesZnode.encode(configChangesZnode.decode(data) ?? '')
    }
    if (first === 'config') return configEntityZnode.encode(configEntityZnode.decode(path, data))
    return undefined
  }

  test('there are some', () => expect(captured.length).toBeGreaterThan(5))

  test.each(captured)('%s', (path, data) => {
    expect(rewritten(path, bytes(data))?.toString()).toBe(data)
  })
})
