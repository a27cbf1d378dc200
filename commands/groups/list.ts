import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag, offlineFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames } from '../../src/cli/group-flags.ts'

export default class GroupsList extends BaseCommand {
  static override summary = 'List groups with their state'
  static override effect = 'reads' as const
  static override description =
    'Arguments are regular expressions for whole names; without any, all groups are listed.'
  static override usage = '[GROUP...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups list',
    '<%= config.bin %> groups list --state stable,empty',
    "<%= config.bin %> groups list 'billing.*' -o name",
  ]
  static override args = groupArgs
  static override flags = {
    ...groupFlag,
    ...offlineFlag,
    state: listFlag({
      helpValue: 'STATE,…',
      summary: 'Only groups in these states, such as stable or empty.',
    }),
    type: listFlag({ helpValue: 'TYPE,…', summary: 'Only groups of these types: classic or consumer.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsList)
    await this.serve(flags, async (context) => {
      const { listGroups } = await import('../../src/cli/services/groups/list.ts')
      const { state = [], type = [] } = flags
      return listGroups(context, { patterns: groupNames(args, flags), states: state, types: type })
    })
  }
}
