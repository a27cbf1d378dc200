import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaVerifiableProducer extends KafkaToolCommand {
  static override summary = "Kafka's kafka-verifiable-producer: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. It sends increasing numbers and says of each, as a line of JSON, whether it was stored.'
  static override usage = '--topic TOPIC --bootstrap-server HOST:PORT [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-verifiable-producer --bootstrap-server localhost:9092 --topic checks --max-messages 1000',
  ]

  /** What was begun is told to its end, as long as brokers may take by default (delivery.timeout.ms). */
  protected override readonly graceMs = 120_000

  protected override async load() {
    return (await import('../src/cli/kafka-tools/verifiable/producer.ts')).kafkaVerifiableProducer
  }
}
