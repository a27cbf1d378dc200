import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'
import { listFlag, oneTopic, producerFlags, topicFlag, topicNames, topicNeeded } from '../src/cli/flags.ts'
import { INPUT_FORMS, produceOptions } from '../src/cli/produce-flags.ts'

export default class Produce extends BaseCommand {
  static override summary = 'Send records, one for each line of the input'
  static override effect = 'changes' as const
  static override usage = 'TOPIC [FLAGS]'
  static override examples = [
    'echo hello | <%= config.bin %> produce orders',
    "printf 'ann:10 apples\\nbob:7 pears\\n' | <%= config.bin %> produce orders --key-delimiter :",
    '<%= config.bin %> produce orders --input ndjson --file records.ndjson --report',
  ]
  static override args = { topic: Args.string({ description: 'The topic.', ignoreStdin: true }) }
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    input: Flags.option({
      char: 'i',
      options: INPUT_FORMS,
      default: 'lines',
      summary: 'The form of the input.',
    })(),
    file: Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: 'Read this file in place of standard input.',
    }),
    delimiter: Flags.string({
      char: 'D',
      helpValue: 'TEXT',
      summary: 'What ends a record (default \\n); \\t, \\0, \\xNN work.',
    }),
    'key-delimiter': Flags.string({
      char: 'K',
      helpValue: 'TEXT',
      summary: 'What stands between key and value.',
    }),
    key: Flags.string({ char: 'k', helpValue: 'KEY', summary: 'The key of records that bring none.' }),
    header: listFlag({
      char: 'H',
      helpValue: 'K=V',
      summary: 'A header for every record; `K=` is empty, `K` is null.',
    }),
    'null-empty': Flags.boolean({ char: 'Z', summary: 'An empty key or value is null (a tombstone).' }),
    partition: Flags.integer({ char: 'p', min: 0, helpValue: 'N', summary: 'The partition of all records.' }),
    repartition: Flags.boolean({
      summary: 'Choose partitions anew for records that name one.',
      exclusive: ['partition'],
    }),
    timestamp: Flags.string({
      helpValue: 'TIME',
      summary: 'The timestamp of records that bring none: ms, RFC 3339, -1h.',
    }),
    ...producerFlags,
    sync: Flags.boolean({ summary: 'Wait for each record before the next one.' }),
    report: Flags.boolean({ summary: 'Write topic, partition and offset of each stored record to stdout.' }),
    'transactional-id': Flags.string({ helpValue: 'ID', hidden: true }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(Produce)
    await this.serveRecords(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const topic = oneTopic(topicNames(args, flags))
      const { produce } = await import('../src/cli/services/produce.ts')
      return produce(context, await produceOptions(topic, flags, context))
    })
  }
}
