import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaGetOffsets extends KafkaToolCommand {
  static override summary = "Kafka's kafka-get-offsets: its flags, output and exit codes"
  static override effect = 'reads' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `topics offsets` does the same with fewer words.'
  static override usage = '--bootstrap-server HOST:PORT [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-get-offsets --bootstrap-server localhost:9092 --topic orders --time earliest',
    "<%= config.bin %> kafka-get-offsets --bootstrap-server localhost:9092 --topic-partitions 'orders:0-3,payments'",
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-get-offsets.ts')).kafkaGetOffsets
  }
}
