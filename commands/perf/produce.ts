import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { oneTopic, producerFlags, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'
import { settingsOf } from '../../src/cli/produce-flags.ts'

export default class PerfProduce extends BaseCommand {
  static override summary = 'Measure how fast records are stored'
  static override effect = 'changes' as const
  static override description =
    "Sends records of random letters. kafka-producer-perf-test does the same with Kafka's flags and output."
  static override usage = 'TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> perf produce orders',
    '<%= config.bin %> perf produce orders --records 5000000 --size 1000 --compression zstd',
    '<%= config.bin %> perf produce orders --rate 10000 --acks 1 -o json',
  ]
  static override args = { topic: Args.string({ description: 'The topic.', ignoreStdin: true }) }
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    records: Flags.integer({ min: 1, helpValue: 'N', default: 1_000_000, summary: 'So many records.' }),
    size: Flags.integer({ min: 0, helpValue: 'BYTES', default: 100, summary: 'The size of a value.' }),
    rate: Flags.integer({ min: 1, helpValue: 'N', summary: 'At most so many records a second.' }),
    metrics: Flags.boolean({ summary: 'Show the metrics of the producer on stderr at the end.' }),
    ...producerFlags,
  }

  async run(): Promise<void> {
    const typed = await this.parse(PerfProduce)
    await this.serveRecords(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const topic = oneTopic(topicNames(args, flags))
      const { perfProduce } = await import('../../src/cli/services/perf/produce.ts')
      return perfProduce(context, {
        topic,
        records: flags.records,
        sizeBytes: flags.size,
        perSecond: flags.rate ?? Number.POSITIVE_INFINITY,
        showMetrics: flags.metrics,
        ...settingsOf(flags, await context.properties('producer'), (message) => context.out.warn(message)),
      })
    })
  }
}
