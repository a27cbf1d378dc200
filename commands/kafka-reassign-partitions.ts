import type { Typed } from '../src/cli/base-command.ts'
import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'
import { effectOfWords } from '../src/cli/profiles/tool-effects.ts'

export default class KafkaReassignPartitions extends KafkaToolCommand {
  static override summary = "Kafka's kafka-reassign-partitions: its flags, output and exit codes"
  static override effect = ({ argv }: Typed) =>
    effectOfWords(argv, { changes: ['--execute', '--cancel', '--verify'] })
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `partitions reassign` makes its plans itself and can wait for the end.'
  static override usage = '--bootstrap-server HOST:PORT --generate|--execute|--verify|--cancel|--list [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-reassign-partitions --bootstrap-server localhost:9092 --execute --reassignment-json-file plan.json',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/reassign-partitions/kafka-reassign-partitions.ts'))
      .kafkaReassignPartitions
  }
}
