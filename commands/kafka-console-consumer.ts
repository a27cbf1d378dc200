import type { Typed } from '../src/cli/base-command.ts'
import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'
import { namesGroup } from '../src/cli/profiles/tool-effects.ts'

export default class KafkaConsoleConsumer extends KafkaToolCommand {
  static override summary = "Kafka's kafka-console-consumer: its flags, output and exit codes"
  static override effect = ({ argv }: Typed) => (namesGroup(argv) ? 'changes' : 'reads')
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `console-consumer` takes the same and also works on the local data directory.'
  static override usage = '--bootstrap-server HOST:PORT --topic TOPIC [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-console-consumer --bootstrap-server localhost:9092 --topic orders',
  ]

  protected override readonly graceMs = 10_000

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-console-consumer.ts')).kafkaConsoleConsumer
  }
}
