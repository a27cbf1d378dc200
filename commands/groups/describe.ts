import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { offlineFlag, regexFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames } from '../../src/cli/group-flags.ts'

export default class GroupsDescribe extends BaseCommand {
  static override summary = 'Show state, members and offsets of groups'
  static override effect = 'reads' as const
  static override description =
    'Without a name all groups are shown. --at reads the history that __consumer_offsets still has; what was compacted away is missing.'
  static override usage = '[GROUP...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups describe billing',
    '<%= config.bin %> groups describe billing --at -2h',
    '<%= config.bin %> groups describe billing -o json',
  ]
  static override args = groupArgs
  static override flags = {
    ...groupFlag,
    ...offlineFlag,
    regex: regexFlag,
    at: Flags.string({ helpValue: 'TIME', summary: 'As it was then: -2h, RFC 3339 or milliseconds.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsDescribe)
    await this.serve(flags, async (context) => {
      const { describeGroups } = await import('../../src/cli/services/groups/describe.ts')
      const { parseTime } = await import('../../src/cli/records/offset-grammar.ts')
      const atMs =
        flags.at === undefined ? undefined : parseTime(flags.at.replace(/^@/, ''), context.clock.nowMs())
      return describeGroups(context, { names: groupNames(args, flags), regex: flags.regex, atMs })
    })
  }
}
