import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseKeyValues } from '../../src/cli/console/properties.ts'
import { configFlag, topicArgs, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class TopicsCreate extends BaseCommand {
  static override summary = 'Create topics'
  static override effect = 'changes' as const
  static override usage = 'TOPIC... [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics create orders --partitions 3 --replication-factor 3',
    '<%= config.bin %> topics create orders payments --config retention.ms=3600000 --if-not-exists',
    '<%= config.bin %> topics create placed --replica-assignment 1:2,2:3 --dry-run',
  ]
  static override args = topicArgs
  static override needs = [{ ...topicNeeded, ask: 'new-topic' as const }]
  static override flags = {
    ...topicFlag,
    partitions: Flags.integer({
      char: 'p',
      min: 1,
      max: 2_147_483_647,
      helpValue: 'N',
      summary: "Partitions (default: the brokers' num.partitions).",
    }),
    'replication-factor': Flags.integer({
      char: 'r',
      min: 1,
      max: 32_767,
      helpValue: 'N',
      summary: "Replicas of each partition (default: the brokers' default.replication.factor).",
    }),
    'replica-assignment': Flags.string({
      helpValue: '0:1,1:2',
      summary: 'Brokers of each partition, the preferred leader first.',
    }),
    config: configFlag,
    'if-not-exists': Flags.boolean({ summary: 'It is fine when the topic is there already.' }),
    'dry-run': Flags.boolean({ summary: 'Let the brokers check it, create nothing.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(TopicsCreate)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { createTopics, parseReplicaAssignment } = await import('../../src/cli/services/topics/create.ts')
      const assignment = flags['replica-assignment']
      return createTopics(context, {
        names: topicNames(args, flags),
        partitions: flags.partitions,
        replicationFactor: flags['replication-factor'],
        replicaAssignment: assignment === undefined ? undefined : parseReplicaAssignment(assignment),
        configs: parseKeyValues(flags.config, '--config'),
        ifNotExists: flags['if-not-exists'],
        dryRun: flags['dry-run'],
      })
    })
  }
}
