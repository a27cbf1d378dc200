import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaBrokerApiVersions extends KafkaToolCommand {
  static override summary = "Kafka's kafka-broker-api-versions: its flags, output and exit codes"
  static override effect = 'reads' as const
  static override description = 'Takes exactly what the original takes; its own help comes with --help.'
  static override usage = '--bootstrap-server HOST:PORT'
  static override examples = ['<%= config.bin %> kafka-broker-api-versions --bootstrap-server localhost:9092']

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-broker-api-versions.ts')).kafkaBrokerApiVersions
  }
}
