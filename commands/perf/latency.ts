import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag, oneTopic, producerFlags, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class PerfLatency extends BaseCommand {
  static override summary = 'Measure how long records take from a producer to a consumer'
  static override effect = 'changes' as const
  static override description =
    "Sends records at fixed times and reads them again. A latency counts from when a record was due, so a stall counts for all records that it held up (no coordinated omission); 'sent late' is the part before the producer had it. Producer and consumer share this process, and the exact times cost up to a core. kafka-e2e-latency sends one record after the other instead, as Kafka's tool does."
  static override usage = 'TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> perf latency orders',
    '<%= config.bin %> perf latency orders --rate 1000 --records 60000 --acks 1 -o json',
  ]
  static override args = { topic: Args.string({ description: 'The topic.', ignoreStdin: true }) }
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    records: Flags.integer({ min: 1, helpValue: 'N', default: 1_000, summary: 'So many records.' }),
    rate: Flags.integer({ min: 1, helpValue: 'N', default: 100, summary: 'So many of them a second.' }),
    size: Flags.integer({
      min: 0,
      helpValue: 'BYTES',
      default: 100,
      summary: 'The size of a value; at least 12.',
    }),
    'warm-up': Flags.integer({
      min: 0,
      helpValue: 'N',
      default: 100,
      summary: 'So many records before them, which do not count.',
    }),
    'timeout-ms': Flags.integer({
      min: 0,
      helpValue: 'MS',
      default: 10_000,
      summary: 'Give up when nothing came for so long.',
    }),
    ...producerFlags,
    'consumer-property': listFlag({
      helpValue: 'KEY=VALUE',
      summary: "Any of Kafka's consumer configurations, such as fetch.min.bytes; wins over -X.",
    }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(PerfLatency)
    await this.serveRecords(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const topic = oneTopic(topicNames(args, flags))
      const { perfLatencyOptions } = await import('../../src/cli/perf-flags.ts')
      const { perfLatency } = await import('../../src/cli/services/perf/latency.ts')
      return perfLatency(context, await perfLatencyOptions(topic, flags, context))
    })
  }
}
