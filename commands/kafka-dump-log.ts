import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaDumpLog extends KafkaToolCommand {
  static override summary = "Kafka's kafka-dump-log: its flags, output and exit codes"
  static override effect = 'reads' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `segments dump` shows more, and takes folders and topics.'
  static override usage = '--files FILE,… [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-dump-log --files 00000000000000000000.log --print-data-log',
    '<%= config.bin %> kafka-dump-log --files 00000000000000000000.index --verify-index-only',
  ]

  protected override async load() {
    return (await import('../src/cli/services/kafka-dump-log.ts')).kafkaDumpLog
  }
}
