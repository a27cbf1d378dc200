import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../../src/cli/base-command.ts'
import {
  listFlag,
  parsePartitions,
  regexFlag,
  topicArgs,
  topicFlag,
  topicNames,
  topicNeeded,
} from '../../src/cli/flags.ts'

export default class PartitionsElectLeader extends BaseCommand {
  static override summary = 'Have leaders elected'
  static override effect = ({ flags }: Typed) => (flags.unclean === true ? 'destroys' : 'changes')
  static override description =
    'Preferred: the first replica of each partition leads again, if it is in sync. Unclean: partitions whose in-sync replicas are all down get a leader that may lack records; those are lost.'
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> partitions elect-leader orders',
    '<%= config.bin %> partitions elect-leader --all',
    '<%= config.bin %> partitions elect-leader orders --partition 3 --unclean --yes',
    '<%= config.bin %> partitions elect-leader --plan partitions.json',
  ]
  static override args = topicArgs
  static override needs = [
    {
      ...topicNeeded,
      anyOf: ['topic', 'all', 'plan'],
      hint: 'Name topics, give --all for all of them, or a file with --plan.',
    },
  ]
  static override flags = {
    ...topicFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Partitions of all topics.' }),
    partition: listFlag({ helpValue: '0,2-4', summary: 'Only these partitions; may be given many times.' }),
    plan: Flags.string({
      helpValue: 'FILE',
      summary: 'These partitions, as JSON of kafka-leader-election; - for stdin.',
    }),
    preferred: Flags.boolean({ summary: 'The first replica (the default).', exclusive: ['unclean'] }),
    unclean: Flags.boolean({ summary: 'Any live replica, where there is no leader. Records may be lost.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask before an unclean election.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(PartitionsElectLeader)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { electLeaders } = await import('../../src/cli/services/partitions/elect-leader.ts')
      return electLeaders(context, {
        type: flags.unclean ? 'unclean' : 'preferred',
        names: topicNames(args, flags),
        regex: flags.regex,
        all: flags.all,
        planFile: flags.plan,
        partitions: parsePartitions(flags.partition),
        yes: flags.yes,
      })
    })
  }
}
