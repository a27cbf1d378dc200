import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaConsumerPerfTest extends KafkaToolCommand {
  static override summary = "Kafka's kafka-consumer-perf-test: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `perf consume` does the same with fewer words.'
  static override usage = '--bootstrap-server HOST:PORT --topic TOPIC --messages N [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-consumer-perf-test --bootstrap-server localhost:9092 --topic orders --messages 1000000',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-consumer-perf-test.ts')).kafkaConsumerPerfTest
  }
}
