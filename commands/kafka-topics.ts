import type { Typed } from '../src/cli/base-command.ts'
import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'
import { effectOfWords } from '../src/cli/profiles/tool-effects.ts'

export default class KafkaTopics extends KafkaToolCommand {
  static override summary = "Kafka's kafka-topics: its flags, output and exit codes"
  static override effect = ({ argv }: Typed) =>
    effectOfWords(argv, { changes: ['--create', '--alter'], destroys: ['--delete'] })
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `topics` does the same with fewer words.'
  static override usage = '--bootstrap-server HOST:PORT --list|--describe|--create|--alter|--delete [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-topics --bootstrap-server localhost:9092 --create --topic orders --partitions 3',
    '<%= config.bin %> kafka-topics --bootstrap-server localhost:9092 --describe --under-replicated-partitions',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-topics.ts')).kafkaTopics
  }
}
