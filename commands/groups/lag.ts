import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag, offlineFlag, regexFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames } from '../../src/cli/group-flags.ts'

export default class GroupsLag extends BaseCommand {
  static override summary = 'Show how far groups are behind, in records and seconds, and whether they keep up'
  static override effect = 'reads' as const
  static override description =
    'SECONDS is the age of the first record that the group has not read. The verdict looks at the commits of the last minutes: WARN falls behind, STALL commits the same offset again and again, STOP no longer commits or is read by nobody, REWIND went back. Without a name all groups are shown.'
  static override usage = '[GROUP...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups lag billing',
    '<%= config.bin %> groups lag --by group',
    '<%= config.bin %> groups lag billing --watch',
    '<%= config.bin %> groups lag billing --max-lag 1000 --max-lag-seconds 60',
    '<%= config.bin %> groups lag billing --wait --timeout 60000',
  ]
  static override args = groupArgs
  static override flags = {
    ...groupFlag,
    ...offlineFlag,
    regex: regexFlag,
    topic: listFlag({ helpValue: 'TOPIC', summary: 'Only these topics; may be given many times.' }),
    by: Flags.option({
      options: ['partition', 'topic', 'group'] as const,
      default: 'partition' as const,
      summary: 'What a row of the table stands for.',
    })(),
    lagging: Flags.boolean({ summary: 'Only what is behind.' }),
    chart: Flags.boolean({
      summary: 'Also how the lag went in the window: drawn on a terminal, as columns elsewhere.',
      exclusive: ['watch'],
    }),
    'max-lag': Flags.integer({
      min: 0,
      helpValue: 'N',
      summary: 'Exit with 1 when a group is more records behind, over all its partitions.',
    }),
    'max-lag-seconds': Flags.string({
      helpValue: 'S',
      summary: 'Exit with 1 when a group is further behind than this in one of its partitions.',
    }),
    wait: Flags.boolean({
      summary: 'Wait until every group is within the limits, or has read all; exit with 3 after --timeout.',
      exclusive: ['watch'],
    }),
    watch: Flags.boolean({ char: 'w', summary: 'Show it again and again.' }),
    interval: Flags.integer({
      min: 100,
      helpValue: 'MS',
      default: 1000,
      summary: 'How long --watch and --wait pause.',
    }),
    window: Flags.string({
      helpValue: 'TIME',
      default: '10m',
      summary: 'How far back commits count for the verdict.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsLag)
    await this.serve(
      flags,
      async (context) => {
        const { lagOptions } = await import('../../src/cli/services/groups/lag/flags.ts')
        const options = lagOptions(groupNames(args, flags), flags)
        if (flags.watch) {
          const { watchLag } = await import('../../src/cli/services/groups/lag/watch.ts')
          return watchLag(context, options)
        }
        const { groupLag } = await import('../../src/cli/services/groups/lag/lag.ts')
        return groupLag(context, options)
      },
      { isStream: flags.watch },
    )
  }
}
