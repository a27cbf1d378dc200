import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaVerifiableConsumer extends KafkaToolCommand {
  static override summary = "Kafka's kafka-verifiable-consumer: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. It reads as a member of a group and says, in lines of JSON, what it was assigned, read and committed.'
  static override usage = '--topic TOPIC --group-id GROUP --bootstrap-server HOST:PORT [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-verifiable-consumer --bootstrap-server localhost:9092 --topic checks --group-id checkers --verbose',
  ]

  /** What was begun is told to its end, as long as brokers may take by default (delivery.timeout.ms). */
  protected override readonly graceMs = 120_000

  protected override async load() {
    return (await import('../src/cli/kafka-tools/verifiable/consumer.ts')).kafkaVerifiableConsumer
  }
}
