import { ConfigError } from '../../base/config-def.ts'
import { type Partitioner, roundRobinPartitioner } from '../producer/partitioner.ts'
import { COMMON_PROPERTIES } from './common-properties.ts'

const NO_TRANSACTIONS = 'transactions are not supported yet'

/** The configurations of a producer (org.apache.kafka.clients.producer.ProducerConfig). */
export const PRODUCER_PROPERTIES = {
  ...COMMON_PROPERTIES,
  'connections.max.idle.ms': { type: 'LONG', default: 540_000, fills: ['client.connectionsMaxIdleMs'] },
  'receive.buffer.bytes': {
    type: 'INT',
    default: 32_768,
    valid: '[-1,...]',
    fills: ['client.receiveBufferBytes'],
  },
  acks: {
    type: 'STRING',
    default: 'all',
    valid: '[all, -1, 0, 1]',
    fills: ['producer.acks'],
    as: (value: string) => (value === 'all' ? -1 : Number(value)),
  },
  'batch.size': { type: 'INT', default: 16_384, valid: '[0,...]', fills: ['producer.batchSizeBytes'] },
  'buffer.memory': {
    type: 'LONG',
    default: 33_554_432,
    valid: '[0,...]',
    fills: ['producer.bufferMemoryBytes'],
  },
  'compression.type': {
    type: 'STRING',
    default: 'none',
    valid: '[none, gzip, snappy, lz4, zstd]',
    fills: ['producer.compressionType'],
  },
  'compression.gzip.level': {
    type: 'INT',
    default: -1,
    valid: '[1,...,9] or -1',
    fills: ['producer.compressionGzipLevel'],
  },
  'compression.lz4.level': {
    type: 'INT',
    default: 9,
    valid: '[1,...,17]',
    unused: 'the lz4 library knows one level',
  },
  'compression.zstd.level': {
    type: 'INT',
    default: 3,
    valid: '[-131072,...,22]',
    fills: ['producer.compressionZstdLevel'],
  },
  'delivery.timeout.ms': {
    type: 'INT',
    default: 120_000,
    valid: '[0,...]',
    fills: ['producer.deliveryTimeoutMs'],
  },
  'enable.idempotence': { type: 'BOOLEAN', default: true, fills: ['producer.enableIdempotence'] },
  'linger.ms': { type: 'LONG', default: 0, valid: '[0,...]', fills: ['producer.lingerMs'] },
  'max.block.ms': { type: 'LONG', default: 60_000, valid: '[0,...]', fills: ['producer.maxBlockMs'] },
  'max.in.flight.requests.per.connection': {
    type: 'INT',
    default: 5,
    valid: '[1,...]',
    fills: ['producer.maxInFlight'],
  },
  'max.request.size': {
    type: 'INT',
    default: 1_048_576,
    valid: '[0,...]',
    fills: ['producer.maxRequestSizeBytes'],
  },
  'metadata.max.idle.ms': {
    type: 'LONG',
    default: 300_000,
    valid: '[5000,...]',
    fills: ['client.metadataMaxIdleMs'],
  },
  'request.timeout.ms': {
    type: 'INT',
    default: 30_000,
    valid: '[0,...]',
    fills: ['client.requestTimeoutMs', 'producer.requestTimeoutMs'],
  },
  retries: { type: 'INT', default: 2_147_483_647, valid: '[0,...,2147483647]', fills: ['producer.retries'] },
  'partitioner.class': { type: 'CLASS', default: null, fills: ['producer.partitioner'], as: partitionerOf },
  'partitioner.adaptive.partitioning.enable': {
    type: 'BOOLEAN',
    default: true,
    fills: ['producer.adaptivePartitioning'],
  },
  'partitioner.availability.timeout.ms': {
    type: 'LONG',
    default: 0,
    valid: '[0,...]',
    fills: ['producer.partitionAvailabilityTimeoutMs'],
  },
  'partitioner.ignore.keys': { type: 'BOOLEAN', default: false, fills: ['producer.ignoreKeys'] },
  'key.serializer': { type: 'CLASS', default: null, library: true },
  'value.serializer': { type: 'CLASS', default: null, library: true },
  'interceptor.classes': { type: 'LIST', default: '', library: true },
  'transactional.id': {
    type: 'STRING',
    default: null,
    valid: 'non-empty string',
    refused: NO_TRANSACTIONS,
  },
  'transaction.timeout.ms': { type: 'INT', default: 60_000, unused: NO_TRANSACTIONS },
} as const

/** A function, or one of Kafka's classes by name. Undefined is the built-in one, whose former class was DefaultPartitioner. */
function partitionerOf(value: string | Partitioner, name: string): Partitioner | undefined {
  if (typeof value !== 'string') return value
  switch (value.slice(value.lastIndexOf('.') + 1)) {
    case 'RoundRobinPartitioner':
      return roundRobinPartitioner()
    case 'DefaultPartitioner':
      return undefined
    default:
      throw new ConfigError(
        `Invalid value ${value} for configuration ${name}: Class ${value} could not be found.`,
        {
          hint: 'Give a function, or RoundRobinPartitioner; without it partitions are chosen as in KIP-794.',
        },
      )
  }
}
