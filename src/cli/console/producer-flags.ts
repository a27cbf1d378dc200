import { UsageError } from '../exit-codes.ts'
import { compressionOf, parseAcks } from '../produce-flags.ts'
import type { ProduceOptions } from '../services/produce.ts'
import { LineMessageReader, lineReaderOptions } from './line-reader.ts'
import { isTrue, mergeProperties } from './properties.ts'

export interface ConsoleProducerFlags {
  readonly topic: string
  readonly sync?: boolean | undefined
  readonly 'compression-codec'?: string | undefined
  readonly 'batch-size': number
  readonly 'max-partition-memory-bytes'?: number | undefined
  readonly 'max-memory-bytes': number
  readonly 'message-send-max-retries': number
  readonly timeout: number
  readonly 'request-required-acks': string
  readonly 'request-timeout-ms': number
  readonly 'max-block-ms': number
  readonly 'line-reader'?: string | undefined
  readonly property?: readonly string[] | undefined
  readonly 'reader-config'?: string | undefined
  readonly 'producer-property'?: readonly string[] | undefined
  readonly 'producer.config'?: string | undefined
}

/** From Kafka's flags to what the work needs. Properties win over flags that have a default, as in the original. */
export function consoleProducerOptions(flags: ConsoleProducerFlags): ProduceOptions {
  const reader = (flags['line-reader'] ?? 'LineMessageReader').split('.').at(-1)
  if (reader !== 'LineMessageReader') {
    throw new UsageError(`the line reader ${flags['line-reader']} is not known`, 'Only LineMessageReader is.')
  }
  const properties = mergeProperties(
    { path: flags['reader-config'], flag: '--reader-config' },
    { values: flags.property, flag: '--property' },
  )
  const settings = mergeProperties(
    { path: flags['producer.config'], flag: '--producer.config' },
    { values: flags['producer-property'], flag: '--producer-property' },
  )
  if (settings.has('transactional.id')) throw new UsageError('transactions are not supported yet')
  const number = (key: string, otherwise: number) => {
    const value = settings.get(key)
    if (value !== undefined && !/^\d{1,10}$/.test(value))
      throw new UsageError(`${key} is '${value}', a number is wanted`)
    return value === undefined ? otherwise : Number(value)
  }
  const acks = parseAcks(settings.get('acks') ?? flags['request-required-acks'])
  return {
    topic: flags.topic,
    file: undefined,
    parser: new LineMessageReader(lineReaderOptions(properties)),
    config: {
      acks,
      compressionType: compressionOf(
        settings.get('compression.type') ?? flags['compression-codec'] ?? 'none',
        '--compression-codec',
      ),
      batchSizeBytes: number('batch.size', flags['max-partition-memory-bytes'] ?? flags['batch-size']),
      lingerMs: number('linger.ms', flags.timeout),
      bufferMemoryBytes: number('buffer.memory', flags['max-memory-bytes']),
      maxBlockMs: number('max.block.ms', flags['max-block-ms']),
      requestTimeoutMs: number('request.timeout.ms', flags['request-timeout-ms']),
      enableIdempotence: isTrue(settings, 'enable.idempotence', acks === -1),
    },
    defaults: {},
    sync: flags.sync === true,
    report: false,
    summary: false,
  }
}
