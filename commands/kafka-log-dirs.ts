import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaLogDirs extends KafkaToolCommand {
  static override summary = "Kafka's kafka-log-dirs: its flags, output and exit codes"
  static override effect = 'reads' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `brokers describe` shows the same as a table.'
  static override usage = '--bootstrap-server HOST:PORT --describe [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-log-dirs --bootstrap-server localhost:9092 --describe --broker-list 0,1',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-log-dirs.ts')).kafkaLogDirs
  }
}
