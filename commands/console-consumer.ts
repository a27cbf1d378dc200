import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../src/cli/base-command.ts'
import { listFlag, offlineFlag } from '../src/cli/flags.ts'
import { namesGroup } from '../src/cli/profiles/tool-effects.ts'

export default class ConsoleConsumer extends BaseCommand {
  static override summary = "Kafka's kafka-console-consumer: its flags, defaults and output"
  static override effect = ({ argv }: Typed) => (namesGroup(argv) ? 'changes' : 'reads')
  static override description = 'Follows for ever unless --max-messages or --timeout-ms is given.'
  static override usage = '--topic TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> console-consumer --topic orders --from-beginning --timeout-ms 1000',
    '<%= config.bin %> console-consumer --topic orders --partition 0 --offset earliest --property print.key=true',
  ]
  static override flags = {
    ...offlineFlag,
    topic: Flags.string({ helpValue: 'TOPIC', summary: 'The topic.' }),
    include: Flags.string({
      aliases: ['whitelist'],
      helpValue: 'REGEX',
      summary: 'Topics whose whole name matches.',
    }),
    partition: Flags.integer({
      min: 0,
      helpValue: 'N',
      summary: 'One partition; without --offset from its end.',
    }),
    offset: Flags.string({
      helpValue: 'OFFSET',
      summary: 'earliest, latest or a number; needs --partition.',
    }),
    'from-beginning': Flags.boolean({ summary: 'From the earliest record.' }),
    'max-messages': Flags.integer({ min: 0, helpValue: 'N', summary: 'Stop after so many.' }),
    'timeout-ms': Flags.integer({ min: 0, helpValue: 'MS', summary: 'Stop when nothing came for so long.' }),
    'isolation-level': Flags.string({ default: 'read_uncommitted', summary: 'Or read_committed.' }),
    formatter: Flags.string({
      helpValue: 'CLASS',
      summary: 'DefaultMessageFormatter, NoOpMessageFormatter, …',
    }),
    'formatter-config': Flags.string({ helpValue: 'FILE', summary: 'A property file for the formatter.' }),
    property: listFlag({
      helpValue: 'KEY=VALUE',
      summary: 'For the formatter: print.key=true, key.separator=| …',
    }),
    'key-deserializer': Flags.string({ helpValue: 'CLASS', summary: 'String, Integer, Long, …' }),
    'value-deserializer': Flags.string({ helpValue: 'CLASS', summary: 'String, Integer, Long, …' }),
    'consumer-property': listFlag({ helpValue: 'KEY=VALUE', summary: 'For the consumer.' }),
    'consumer.config': Flags.string({ helpValue: 'FILE', summary: 'A property file for the consumer.' }),
    'skip-message-on-error': Flags.boolean({ summary: 'Go on when a record cannot be shown.' }),
    group: Flags.string({ helpValue: 'GROUP', summary: 'The group to read in; its offsets are stored.' }),
    'enable-systest-events': Flags.boolean({ hidden: true }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ConsoleConsumer)
    await this.serveRecords(flags, async (context) => {
      const { consoleConsumerOptions } = await import('../src/cli/console/consumer-flags.ts')
      const { consoleConsumer } = await import('../src/cli/services/console-consumer.ts')
      const warn = (message: string) => context.out.warn(message)
      const given = await context.properties('consumer')
      return consoleConsumer(context, consoleConsumerOptions(flags, warn, given))
    })
  }
}
