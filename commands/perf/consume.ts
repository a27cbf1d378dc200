import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../../src/cli/base-command.ts'
import { listFlag, oneTopic, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class PerfConsume extends BaseCommand {
  static override summary = 'Measure how fast records are read'
  static override effect = ({ flags }: Typed) => (flags.group === undefined ? 'reads' : 'changes')
  static override description =
    "Reads from the beginning, every partition or as the member of a group. kafka-consumer-perf-test does the same with Kafka's flags and output."
  static override usage = 'TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> perf consume orders --records 1000000',
    '<%= config.bin %> perf consume orders --group readers -X fetch.max.bytes=10485760',
  ]
  static override args = { topic: Args.string({ description: 'The topic.', ignoreStdin: true }) }
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    records: Flags.integer({ min: 1, helpValue: 'N', default: 1_000_000, summary: 'So many records.' }),
    'timeout-ms': Flags.integer({
      min: 0,
      helpValue: 'MS',
      default: 10_000,
      summary: 'Give up when nothing came for so long.',
    }),
    group: Flags.string({ helpValue: 'GROUP', summary: 'Read as a member of this group.' }),
    'consumer-property': listFlag({
      helpValue: 'KEY=VALUE',
      summary: "Any of Kafka's consumer configurations, such as fetch.min.bytes; wins over the flags and -X.",
    }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(PerfConsume)
    await this.serveRecords(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const topic = oneTopic(topicNames(args, flags))
      const { perfConsumeOptions } = await import('../../src/cli/perf-flags.ts')
      const { perfConsume } = await import('../../src/cli/services/perf/consume.ts')
      return perfConsume(context, await perfConsumeOptions(topic, flags, context))
    })
  }
}
