import { BaseCommand } from '../src/cli/base-command.ts'

export default class KafkaConsumerGroups extends BaseCommand {
  static override summary = "Kafka's kafka-consumer-groups: its flags, output and exit codes"
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `groups` shows more.'
  static override usage = '--bootstrap-server HOST:PORT --list|--describe|… [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-consumer-groups --bootstrap-server localhost:9092 --list',
    '<%= config.bin %> kafka-consumer-groups --bootstrap-server localhost:9092 --describe --group billing',
  ]
  static override baseFlags = {} as typeof BaseCommand.baseFlags
  static override strict = false

  async run(): Promise<void> {
    await this.serve(
      {},
      async (context) => {
        const { kafkaConsumerGroups } = await import('../src/cli/services/kafka-consumer-groups.ts')
        return kafkaConsumerGroups(context, this.argv)
      },
      { isStream: true },
    )
  }
}
