import * as Flags from '@oclif/core/flags'
import type { Need } from '../../src/cli/ask/need.ts'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames, groupNeeded, oneGroup } from '../../src/cli/group-flags.ts'

export default class GroupsDeleteOffsets extends BaseCommand {
  static override summary = 'Forget what a group has committed of some topics'
  static override effect = 'destroys' as const
  static override description = 'Nobody in the group may be reading these topics.'
  static override usage = 'GROUP --topic TOPIC[:0,1] [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups delete-offsets billing --topic orders --yes',
    '<%= config.bin %> groups delete-offsets billing --topic orders:0,2 --dry-run',
  ]
  static override args = groupArgs
  static override needs: Need[] = [
    groupNeeded,
    {
      anyOf: ['topic'],
      ask: 'group-topic',
      message: 'no topic given',
      hint: 'Name it with --topic; the whole group goes with: kcli groups delete',
    },
  ]
  static override flags = {
    ...groupFlag,
    topic: listFlag({
      helpValue: 'TOPIC[:0,1]',
      summary: 'A topic, or some of its partitions; may be given many times.',
    }),
    'dry-run': Flags.boolean({ summary: 'Show what would be forgotten.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(GroupsDeleteOffsets)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { deleteGroupOffsets } = await import('../../src/cli/services/groups/delete-offsets.ts')
      const { parseScopes } = await import('../../src/cli/services/groups/scope.ts')
      return deleteGroupOffsets(context, {
        group: oneGroup(groupNames(args, flags)),
        scopes: parseScopes(flags.topic ?? []),
        dryRun: flags['dry-run'],
        yes: flags.yes,
      })
    })
  }
}
