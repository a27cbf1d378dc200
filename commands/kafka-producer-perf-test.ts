import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaProducerPerfTest extends KafkaToolCommand {
  static override summary = "Kafka's kafka-producer-perf-test: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `perf produce` does the same with fewer words.'
  static override usage =
    '--topic TOPIC --num-records N --record-size BYTES --throughput N --producer-props bootstrap.servers=HOST:PORT'
  static override examples = [
    '<%= config.bin %> kafka-producer-perf-test --topic orders --num-records 1000000 --record-size 100 --throughput -1 --producer-props bootstrap.servers=localhost:9092',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-producer-perf-test.ts')).kafkaProducerPerfTest
  }
}
