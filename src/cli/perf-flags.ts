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
export function perfConsumeOptions(
  topic: string,
  flags: PerfConsumeFlags,
  { out }: Pick<CommandContext, 'out'>,
): PerfConsumeOptions {
  const properties = {
    'group.id': flags.group,
    'max.poll.records': MAX_POLL_RECORDS,
    ...Object.fromEntries(parseKeyValues(flags['consumer-property'], '-X')),
  }
  return {
    topic,
    records: flags.records,
    idleTimeoutMs: flags['timeout-ms'],
    ...consumerSettings(properties, { onUnknown: (message) => out.warn(message) }),
  }
}
