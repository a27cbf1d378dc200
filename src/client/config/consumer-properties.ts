import { ConfigError } from '../../base/config-def.ts'
import { COMMON_PROPERTIES } from './common-properties.ts'

/** Kafka's assignors by the last part of their class names. */
const ASSIGNORS: Readonly<Record<string, string>> = {
  RangeAssignor: 'range',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
  CooperativeStickyAssignor: 'cooperative-sticky',
}

/** The configurations of a consumer (org.apache.kafka.clients.consumer.ConsumerConfig). */
export const CONSUMER_PROPERTIES = {
  ...COMMON_PROPERTIES,
  'connections.max.idle.ms': { type: 'LONG', default: 540_000, fills: ['client.connectionsMaxIdleMs'] },
  'default.api.timeout.ms': {
    type: 'INT',
    default: 60_000,
    valid: '[0,...]',
    fills: ['client.apiTimeoutMs'],
  },
  'receive.buffer.bytes': {
    type: 'INT',
    default: 65_536,
    valid: '[-1,...]',
    fills: ['client.receiveBufferBytes'],
  },
  'request.timeout.ms': {
    type: 'INT',
    default: 30_000,
    valid: '[0,...]',
    fills: ['client.requestTimeoutMs'],
  },
  'allow.auto.create.topics': {
    type: 'BOOLEAN',
    default: true,
    fills: ['consumer.allowAutoCreateTopics'],
  },
  'auto.commit.interval.ms': {
    type: 'INT',
    default: 5_000,
    valid: '[0,...]',
    fills: ['consumer.autoCommitIntervalMs'],
  },
  'auto.offset.reset': {
    type: 'STRING',
    default: 'latest',
    valid: '[latest, earliest, none]',
    fills: ['consumer.autoOffsetReset'],
  },
  'check.crcs': { type: 'BOOLEAN', default: true, fills: ['consumer.checkCrcs'] },
  'client.rack': { type: 'STRING', default: '', fills: ['consumer.rack'] },
  'enable.auto.commit': { type: 'BOOLEAN', default: true, fills: ['consumer.enableAutoCommit'] },
  'exclude.internal.topics': {
    type: 'BOOLEAN',
    default: true,
    fills: ['consumer.excludeInternalTopics'],
  },
  'fetch.max.bytes': {
    type: 'INT',
    default: 52_428_800,
    valid: '[0,...]',
    fills: ['consumer.fetchMaxBytes'],
  },
  'fetch.max.wait.ms': { type: 'INT', default: 500, valid: '[0,...]', fills: ['consumer.fetchMaxWaitMs'] },
  'fetch.min.bytes': { type: 'INT', default: 1, valid: '[0,...]', fills: ['consumer.fetchMinBytes'] },
  'group.id': { type: 'STRING', default: null, fills: ['consumer.groupId'] },
  'group.instance.id': {
    type: 'STRING',
    default: null,
    valid: 'non-empty string',
    fills: ['consumer.groupInstanceId'],
  },
  'group.protocol': {
    type: 'STRING',
    default: 'classic',
    valid: '(case insensitive) [CONSUMER, CLASSIC]',
    fills: [],
    as: groupProtocol,
  },
  'group.remote.assignor': {
    type: 'STRING',
    default: null,
    refused: 'it cannot be set when group.protocol=CLASSIC',
  },
  'heartbeat.interval.ms': { type: 'INT', default: 3_000, fills: ['consumer.heartbeatIntervalMs'] },
  'interceptor.classes': { type: 'LIST', default: '', library: true },
  'internal.leave.group.on.close': {
    type: 'BOOLEAN',
    default: true,
    fills: ['consumer.leaveGroupOnClose'],
  },
  'internal.throw.on.fetch.stable.offset.unsupported': {
    type: 'BOOLEAN',
    default: false,
    fills: ['consumer.throwOnFetchStableOffsetUnsupported'],
  },
  'isolation.level': {
    type: 'STRING',
    default: 'read_uncommitted',
    valid: '[read_committed, read_uncommitted]',
    fills: ['consumer.isolationLevel'],
  },
  'key.deserializer': { type: 'CLASS', default: null, library: true },
  'value.deserializer': { type: 'CLASS', default: null, library: true },
  'max.partition.fetch.bytes': {
    type: 'INT',
    default: 1_048_576,
    valid: '[0,...]',
    fills: ['consumer.maxPartitionFetchBytes'],
  },
  'max.poll.interval.ms': {
    type: 'INT',
    default: 300_000,
    valid: '[1,...]',
    fills: ['consumer.maxPollIntervalMs'],
  },
  'max.poll.records': { type: 'INT', default: 500, valid: '[1,...]', fills: ['consumer.maxPollRecords'] },
  'partition.assignment.strategy': {
    type: 'LIST',
    default:
      'org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
    fills: ['consumer.partitionAssignors'],
    as: (value: readonly unknown[], name: string) => value.map((assignor) => assignorOf(assignor, name)),
  },
  'session.timeout.ms': { type: 'INT', default: 45_000, fills: ['consumer.sessionTimeoutMs'] },
} as const

function groupProtocol(value: string, name: string): undefined {
  if (value.toLowerCase() === 'classic') return
  throw new ConfigError(`${name} is ${value}, which needs a cluster in KRaft mode (KIP-848)`, {
    hint: 'Use classic.',
  })
}

/** One of Kafka's, by class name or by the name that it has in the protocol, or an object of the user's. */
function assignorOf(value: unknown, name: string): unknown {
  if (typeof value !== 'string') return value
  const short = value.slice(value.lastIndexOf('.') + 1)
  if (Object.values(ASSIGNORS).includes(value)) return value
  const found = Object.hasOwn(ASSIGNORS, short) ? ASSIGNORS[short] : undefined
  if (found !== undefined) return found
  throw new ConfigError(
    `Invalid value ${value} for configuration ${name}: Class ${value} could not be found.`,
    {
      hint: `Use ${Object.values(ASSIGNORS).join(', ')}, or an object that assigns.`,
    },
  )
}
