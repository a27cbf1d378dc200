import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaConsoleProducer extends KafkaToolCommand {
  static override summary = "Kafka's kafka-console-producer: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `console-producer` takes the same and also works on the local data directory.'
  static override usage = '--bootstrap-server HOST:PORT --topic TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-console-producer --bootstrap-server localhost:9092 --topic orders',
  ]

  protected override readonly graceMs = 10_000

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-console-producer.ts')).kafkaConsoleProducer
  }
}
