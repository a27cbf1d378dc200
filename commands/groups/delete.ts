import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { regexFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames, groupNeeded } from '../../src/cli/group-flags.ts'

export default class GroupsDelete extends BaseCommand {
  static override summary = 'Delete groups and their offsets'
  static override effect = 'destroys' as const
  static override usage = '[GROUP...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups delete billing --yes',
    "<%= config.bin %> groups delete --regex 'test-.*' --dry-run",
  ]
  static override args = groupArgs
  static override needs = [groupNeeded]
  static override flags = {
    ...groupFlag,
    regex: regexFlag,
    'if-exists': Flags.boolean({ summary: 'It is fine when a group is not there.' }),
    'dry-run': Flags.boolean({ summary: 'Show what would be deleted.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(GroupsDelete)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { deleteGroups } = await import('../../src/cli/services/groups/delete.ts')
      return deleteGroups(context, {
        names: groupNames(args, flags),
        regex: flags.regex,
        ifExists: flags['if-exists'],
        dryRun: flags['dry-run'],
        yes: flags.yes,
      })
    })
  }
}
