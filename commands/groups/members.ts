import { BaseCommand } from '../../src/cli/base-command.ts'
import { offlineFlag, regexFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames } from '../../src/cli/group-flags.ts'

export default class GroupsMembers extends BaseCommand {
  static override summary = 'Show who is in a group, and what each of them reads'
  static override effect = 'reads' as const
  static override description = 'Without a name the members of all groups are shown.'
  static override usage = '[GROUP...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups members billing',
    '<%= config.bin %> groups members billing -o wide',
  ]
  static override args = groupArgs
  static override flags = { ...groupFlag, ...offlineFlag, regex: regexFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsMembers)
    await this.serve(flags, async (context) => {
      const { groupMembers } = await import('../../src/cli/services/groups/members.ts')
      return groupMembers(context, { names: groupNames(args, flags), regex: flags.regex })
    })
  }
}
