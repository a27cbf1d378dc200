import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaDeleteRecords extends KafkaToolCommand {
  static override summary = "Kafka's kafka-delete-records: its flags, output and exit codes"
  static override effect = 'destroys' as const
  static override description = 'Takes exactly what the original takes; its own help comes with --help.'
  static override usage = '--bootstrap-server HOST:PORT --offset-json-file FILE'
  static override examples = [
    '<%= config.bin %> kafka-delete-records --bootstrap-server localhost:9092 --offset-json-file offsets.json',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-delete-records.ts')).kafkaDeleteRecords
  }
}
