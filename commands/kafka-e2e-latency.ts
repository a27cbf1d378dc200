import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaE2eLatency extends KafkaToolCommand {
  static override summary = "Kafka's kafka-e2e-latency: its arguments, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes: sends records one at a time and says how long each took to a consumer.'
  static override usage = 'HOST:PORT TOPIC NUM_MESSAGES 1|all MESSAGE_SIZE_BYTES [PROPERTIES_FILE]'
  static override examples = ['<%= config.bin %> kafka-e2e-latency localhost:9092 latency 10000 all 100']

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-e2e-latency.ts')).kafkaE2eLatency
  }
}
