import * as Flags from '@oclif/core/flags'
import type { Need } from '../../src/cli/ask/need.ts'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseKeyValues } from '../../src/cli/console/properties.ts'
import { configFlag, listFlag, topicArgs, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class TopicsAlter extends BaseCommand {
  static override summary = 'Add partitions, change settings'
  static override effect = 'changes' as const
  static override usage = 'TOPIC... [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics alter orders --partitions 6',
    '<%= config.bin %> topics alter orders --config retention.ms=86400000 --delete-config segment.bytes',
  ]
  static override args = topicArgs
  static override needs: Need[] = [
    topicNeeded,
    {
      anyOf: ['partitions', 'config', 'delete-config', 'append', 'subtract'],
      ask: 'topic-change',
      message: 'nothing to change',
      hint: 'Give --partitions, --config, --delete-config, --append or --subtract.',
    },
  ]
  static override flags = {
    ...topicFlag,
    partitions: Flags.integer({
      char: 'p',
      min: 1,
      max: 2_147_483_647,
      helpValue: 'N',
      summary: 'The new number of partitions; it can only grow.',
    }),
    'replica-assignment': Flags.string({
      helpValue: '0:1,1:2',
      summary: 'Brokers of each partition, old and new.',
      dependsOn: ['partitions'],
    }),
    config: configFlag,
    'delete-config': listFlag({
      helpValue: 'KEY',
      summary: 'Go back to the default; may be given many times.',
    }),
    append: listFlag({ helpValue: 'KEY=VALUE', summary: 'Add to a setting that is a list.' }),
    subtract: listFlag({ helpValue: 'KEY=VALUE', summary: 'Take from a setting that is a list.' }),
    'if-exists': Flags.boolean({ summary: 'It is fine when a topic is not there.' }),
    'dry-run': Flags.boolean({ summary: 'Let the brokers check it, change nothing.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask before records are deleted by it.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(TopicsAlter)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { alterTopics } = await import('../../src/cli/services/topics/alter.ts')
      const { parseReplicaAssignment } = await import('../../src/cli/services/topics/create.ts')
      const assignment = flags['replica-assignment']
      return alterTopics(context, {
        names: topicNames(args, flags),
        partitions: flags.partitions,
        replicaAssignment: assignment === undefined ? undefined : parseReplicaAssignment(assignment),
        set: parseKeyValues(flags.config, '--config'),
        append: parseKeyValues(flags.append, '--append'),
        subtract: parseKeyValues(flags.subtract, '--subtract'),
        remove: flags['delete-config'] ?? [],
        ifExists: flags['if-exists'],
        dryRun: flags['dry-run'],
        yes: flags.yes,
      })
    })
  }
}
