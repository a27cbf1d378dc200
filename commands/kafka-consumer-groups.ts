import type { Typed } from '../src/cli/base-command.ts'
import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'
import { effectOfWords } from '../src/cli/profiles/tool-effects.ts'

export default class KafkaConsumerGroups extends KafkaToolCommand {
  static override summary = "Kafka's kafka-consumer-groups: its flags, output and exit codes"
  static override effect = ({ argv }: Typed) =>
    effectOfWords(argv, { destroys: ['--delete', '--delete-offsets', '--execute'] })
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `groups` shows more.'
  static override usage = '--bootstrap-server HOST:PORT --list|--describe|… [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-consumer-groups --bootstrap-server localhost:9092 --list',
    '<%= config.bin %> kafka-consumer-groups --bootstrap-server localhost:9092 --describe --group billing',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/consumer-groups/kafka-consumer-groups.ts'))
      .kafkaConsumerGroups
  }
}
