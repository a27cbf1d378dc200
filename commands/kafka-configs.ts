import type { Typed } from '../src/cli/base-command.ts'
import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'
import { effectOfWords } from '../src/cli/profiles/tool-effects.ts'

export default class KafkaConfigs extends KafkaToolCommand {
  static override summary = "Kafka's kafka-configs: its flags, output and exit codes"
  static override effect = ({ argv }: Typed) => effectOfWords(argv, { changes: ['--alter'] })
  static override description =
    'Takes exactly what the original takes with --bootstrap-server; its own help comes with --help. `configs` does the same for topics and brokers with fewer words.'
  static override usage = '--bootstrap-server HOST:PORT --describe|--alter --entity-type TYPE [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-configs --bootstrap-server localhost:9092 --describe --entity-type topics --entity-name orders',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/configs/kafka-configs.ts')).kafkaConfigs
  }
}
