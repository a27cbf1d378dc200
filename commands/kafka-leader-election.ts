import { KafkaToolCommand } from '../src/cli/kafka-tool-command.ts'

export default class KafkaLeaderElection extends KafkaToolCommand {
  static override summary = "Kafka's kafka-leader-election: its flags, output and exit codes"
  static override effect = 'changes' as const
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `partitions elect-leader` does the same with fewer words.'
  static override usage = '--bootstrap-server HOST:PORT --election-type preferred|unclean [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-leader-election --bootstrap-server localhost:9092 --election-type preferred --all-topic-partitions',
  ]

  protected override async load() {
    return (await import('../src/cli/kafka-tools/kafka-leader-election.ts')).kafkaLeaderElection
  }
}
