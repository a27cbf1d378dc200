import { KcliError } from '../../base/errors.ts'
import { type CodecId, type CodecName, codecIdByName, compress } from '../../records/index.ts'
import { ClientError } from '../net/index.ts'
import type { Partitioner } from './partitioner.ts'

/** Kafka's producer configuration, in camelCase and with Kafka's defaults. */
export interface ProducerConfig {
  /** -1 (all), 1 or 0. */
  readonly acks?: -1 | 0 | 1
  readonly enableIdempotence?: boolean
  readonly compressionType?: CodecName
  /** compression.gzip.level: 1 (fast) to 9 (small), -1 for gzip's own choice. Snappy and lz4 have one level here. */
  readonly compressionGzipLevel?: number
  /** compression.zstd.level: up to 22; negative ones are faster. */
  readonly compressionZstdLevel?: number
  /** batch.size: a batch is sent when it reaches this. */
  readonly batchSizeBytes?: number
  readonly lingerMs?: number
  /** max.request.size, also the most that one record may take. */
  readonly maxRequestSizeBytes?: number
  /** buffer.memory: `append` says "full" above this. */
  readonly bufferMemoryBytes?: number
  /** max.block.ms: how long `send` waits for metadata or memory. */
  readonly maxBlockMs?: number
  readonly deliveryTimeoutMs?: number
  readonly requestTimeoutMs?: number
  /** retries: how often a batch is sent again within its time. */
  readonly retries?: number
  /** max.in.flight.requests.per.connection; at most 5 with idempotence. */
  readonly maxInFlight?: number
  /** Instead of the built-in one, which goes by key, and without a key as KIP-794 says. */
  readonly partitioner?: Partitioner
  /** partitioner.ignore.keys: the built-in one treats all records as if they had no key. */
  readonly ignoreKeys?: boolean
  /** partitioner.adaptive.partitioning.enable: records without a key go rather where fewer batches wait. */
  readonly adaptivePartitioning?: boolean
  /** partitioner.availability.timeout.ms: a broker that takes nothing for so long gets none of them. 0: never mind. */
  readonly partitionAvailabilityTimeoutMs?: number
  /** Whether a topic that does not exist is made on first use, when the broker allows it. */
  readonly allowAutoCreate?: boolean
  /** A record with the timestamp -1 is stored as it is (Kafka's producer refuses it): for copies of what is so old. */
  readonly allowNoTimestamp?: boolean
  /** Error codes that fail a batch at once although another attempt is usual: nothing would be different then. */
  readonly finalErrors?: readonly number[]
}

type Unset = 'compressionGzipLevel' | 'compressionZstdLevel' | 'partitioner'

export type ResolvedProducerConfig = Required<Omit<ProducerConfig, Unset>> & {
  readonly partitioner: Partitioner | undefined
  readonly codec: CodecId
  readonly compressionLevel: number | undefined
}

const MAX_IN_FLIGHT_IDEMPOTENT = 5
const MAX_INT32 = 2_147_483_647

/** Fills in defaults and refuses what contradicts itself, as ProducerConfig and KafkaProducer do. */
export function resolveProducerConfig(config: ProducerConfig): ResolvedProducerConfig {
  const enableIdempotence = idempotence(config)
  const lingerMs = config.lingerMs ?? 0
  const requestTimeoutMs = config.requestTimeoutMs ?? 30_000
  const shortestDeliveryMs = Math.min(lingerMs + requestTimeoutMs, MAX_INT32)
  if (config.deliveryTimeoutMs !== undefined && config.deliveryTimeoutMs < shortestDeliveryMs) {
    throw refused(
      `delivery.timeout.ms is ${config.deliveryTimeoutMs}, less than linger.ms + request.timeout.ms, ${shortestDeliveryMs}`,
      'Raise it, or lower the others.',
    )
  }
  const codec = codecIdByName(config.compressionType ?? 'none')
  if (codec === undefined) {
    const hint = 'Use none, gzip, snappy, lz4 or zstd.'
    throw refused(`'${config.compressionType}' is not a compression type`, hint)
  }
  const compressionLevel = levelOf(config)
  tryCodec(codec, config, compressionLevel)
  return {
    acks: -1,
    compressionType: 'none',
    batchSizeBytes: 16_384,
    maxRequestSizeBytes: 1_048_576,
    bufferMemoryBytes: 33_554_432,
    maxBlockMs: 60_000,
    deliveryTimeoutMs: Math.max(120_000, shortestDeliveryMs),
    retries: MAX_INT32,
    maxInFlight: MAX_IN_FLIGHT_IDEMPOTENT,
    ignoreKeys: false,
    adaptivePartitioning: true,
    partitionAvailabilityTimeoutMs: 0,
    allowAutoCreate: false,
    allowNoTimestamp: false,
    finalErrors: [],
    partitioner: undefined,
    ...config,
    lingerMs,
    requestTimeoutMs,
    enableIdempotence,
    codec,
    compressionLevel,
  }
}

/** What idempotence needs: refused when it is asked for, otherwise it is done without. */
function idempotence({
  enableIdempotence,
  acks = -1,
  retries = 1,
  maxInFlight = 1,
}: ProducerConfig): boolean {
  if (enableIdempotence === false) return false
  const missing =
    retries === 0
      ? 'retries other than 0'
      : acks !== -1
        ? 'acks=all'
        : maxInFlight > MAX_IN_FLIGHT_IDEMPOTENT
          ? `max.in.flight.requests.per.connection of at most ${MAX_IN_FLIGHT_IDEMPOTENT}`
          : undefined
  if (missing !== undefined && enableIdempotence === true)
    throw refused(`an idempotent producer needs ${missing}`, 'Change that, or turn idempotence off.')
  return missing === undefined
}

/** Undefined is the codec's own. */
function levelOf(config: ProducerConfig): number | undefined {
  switch (config.compressionType) {
    case 'gzip':
      return config.compressionGzipLevel === -1 ? undefined : config.compressionGzipLevel
    case 'zstd':
      return config.compressionZstdLevel
    default:
      return undefined
  }
}

/** Better now than with the first batch: the codec may need a package that is not installed, or have no such level. */
function tryCodec(codec: CodecId, { compressionType }: ProducerConfig, level: number | undefined): void {
  try {
    compress(codec, Buffer.from([0]), level)
  } catch (error) {
    if (error instanceof KcliError) throw error
    throw refused(`${compressionType} has no level ${level}`, 'Take another, or leave it out.', error)
  }
}

function refused(message: string, hint: string, cause?: unknown): ClientError {
  return new ClientError('KCLI_CONFIG', message, { retriable: false, hint, cause })
}
