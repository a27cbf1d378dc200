import { consumerSettings } from '../client/index.ts'
import { parseKeyValues } from './console/properties.ts'
import type { CommandContext } from './context.ts'
import { type ProducerFlags, settingsOf } from './produce-flags.ts'
import type { PerfConsumeOptions } from './services/perf/consume.ts'
import type { PerfLatencyOptions } from './services/perf/latency.ts'

export interface PerfConsumeFlags {
  readonly records: number
  readonly 'timeout-ms': number
  readonly group?: string | undefined
  readonly 'consumer-property'?: readonly string[] | undefined
}

/** Kafka's own default of 500 is for programs that do something with each record. */
const MAX_POLL_RECORDS = 5_000

/** From flags to what the work needs. A property wins over the flag that means the same. */
export async function perfConsumeOptions(
  topic: string,
  flags: PerfConsumeFlags,
  { out, properties: given }: Pick<CommandContext, 'out' | 'properties'>,
): Promise<PerfConsumeOptions> {
  const properties = {
    'max.poll.records': MAX_POLL_RECORDS,
    ...(await given('consumer')),
    'group.id': flags.group,
    ...Object.fromEntries(parseKeyValues(flags['consumer-property'], '--consumer-property')),
  }
  return {
    topic,
    records: flags.records,
    idleTimeoutMs: flags['timeout-ms'],
    ...consumerSettings(properties, { onUnknown: (message) => out.warn(message) }),
  }
}

export interface PerfLatencyFlags extends ProducerFlags {
  readonly records: number
  readonly rate: number
  readonly size: number
  readonly 'warm-up': number
  readonly 'timeout-ms': number
  readonly 'consumer-property'?: readonly string[] | undefined
}

/** From flags to what the work needs. */
export async function perfLatencyOptions(
  topic: string,
  flags: PerfLatencyFlags,
  { out, properties }: Pick<CommandContext, 'out' | 'properties'>,
): Promise<PerfLatencyOptions> {
  const onUnknown = (message: string) => out.warn(message)
  const consuming = {
    ...(await properties('consumer')),
    ...Object.fromEntries(parseKeyValues(flags['consumer-property'], '--consumer-property')),
    // A group would only have to share the partitions out.
    'group.id': undefined,
  }
  return {
    topic,
    records: flags.records,
    warmUpRecords: flags['warm-up'],
    perSecond: flags.rate,
    sizeBytes: flags.size,
    idleTimeoutMs: flags['timeout-ms'],
    producer: settingsOf(flags, await properties('producer'), onUnknown),
    consumer: consumerSettings(consuming, { onUnknown }),
  }
}
