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
  readonly compressionLevel?: number
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
  /** max.in.flight.requests.per.connection; at most 5 with idempotence. */
  readonly maxInFlight?: number
  readonly partitioner?: Partitioner
  /** Whether a topic that does not exist is made on first use, when the broker allows it. */
  readonly allowAutoCreate?: boolean
  /** Error codes that fail a batch at once although another attempt is usual: nothing would be different then. */
  readonly finalErrors?: readonly number[]
}

export type ResolvedProducerConfig = Required<Omit<ProducerConfig, 'compressionLevel' | 'partitioner'>> & {
  readonly compressionLevel: number | undefined
  readonly partitioner: Partitioner | undefined
  readonly codec: CodecId
}

const MAX_IN_FLIGHT_IDEMPOTENT = 5

/** Fills in defaults and refuses what contradicts itself, as ProducerConfig does. */
export function resolveProducerConfig(config: ProducerConfig): ResolvedProducerConfig {
  const acks = config.acks ?? -1
  const maxInFlight = config.maxInFlight ?? 5
  const possible = acks === -1 && maxInFlight <= MAX_IN_FLIGHT_IDEMPOTENT
  if (config.enableIdempotence === true && !possible) {
    const why = acks === -1 ? `at most ${MAX_IN_FLIGHT_IDEMPOTENT} requests in flight` : 'acks=all'
    throw new ClientError('KCLI_CONFIG', `an idempotent producer needs ${why}`, {
      retriable: false,
      hint: 'Change that, or turn idempotence off.',
    })
  }
  const lingerMs = config.lingerMs ?? 0
  const requestTimeoutMs = config.requestTimeoutMs ?? 30_000
  const shortestDeliveryMs = lingerMs + requestTimeoutMs
  if (config.deliveryTimeoutMs !== undefined && config.deliveryTimeoutMs < shortestDeliveryMs) {
    throw new ClientError(
      'KCLI_CONFIG',
      `delivery.timeout.ms is ${config.deliveryTimeoutMs}, less than linger.ms + request.timeout.ms, ${shortestDeliveryMs}`,
      { retriable: false, hint: 'Raise it, or lower the others.' },
    )
  }
  const codec = codecIdByName(config.compressionType ?? 'none')
  if (codec === undefined) {
    throw new ClientError('KCLI_CONFIG', `'${config.compressionType}' is not a compression type`, {
      retriable: false,
      hint: 'Use none, gzip, snappy, lz4 or zstd.',
    })
  }
  tryCodec(codec, config)
  return {
    compressionType: 'none',
    batchSizeBytes: 16_384,
    maxRequestSizeBytes: 1_048_576,
    bufferMemoryBytes: 33_554_432,
    maxBlockMs: 60_000,
    deliveryTimeoutMs: Math.max(120_000, shortestDeliveryMs),
    allowAutoCreate: false,
    finalErrors: [],
    ...config,
    acks,
    lingerMs,
    requestTimeoutMs,
    maxInFlight,
    enableIdempotence: config.enableIdempotence ?? possible,
    compressionLevel: config.compressionLevel,
    partitioner: config.partitioner,
    codec,
  }
}

/** Better now than with the first batch: the codec may need a package that is not installed, or have no such level. */
function tryCodec(codec: CodecId, { compressionType, compressionLevel }: ProducerConfig): void {
  try {
    compress(codec, Buffer.from([0]), compressionLevel)
  } catch (error) {
    if (error instanceof KcliError) throw error
    throw new ClientError('KCLI_CONFIG', `${compressionType} has no level ${compressionLevel}`, {
      retriable: false,
      cause: error,
    })
  }
}
