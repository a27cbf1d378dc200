import { consumerSettings } from '../client/index.ts'
import { parseKeyValues } from './console/properties.ts'
import type { CommandContext } from './context.ts'
import type { PerfConsumeOptions } from './services/perf/consume.ts'

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
