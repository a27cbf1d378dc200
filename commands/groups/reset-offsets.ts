import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../../src/cli/base-command.ts'
import { listFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames, kafkaResetFlags, resetNeeds } from '../../src/cli/group-flags.ts'

export default class GroupsResetOffsets extends BaseCommand {
  static override summary = 'Set where a group goes on reading'
  static override effect = ({ flags }: Typed) => (flags.execute === true ? 'destroys' : 'reads')
  static override description =
    'Shows what would be changed; --execute changes it, and writes a file that leads back. Nobody may be in the group. A group that does not exist comes to be.'
  static override usage = '[GROUP...] --topic TOPIC[:0,1] --to PLACE [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups reset-offsets billing --topic orders --to earliest',
    '<%= config.bin %> groups reset-offsets billing --topic orders:0,2 --to @-2h --execute',
    '<%= config.bin %> groups reset-offsets billing --all-topics --shift-by -100 --execute',
    '<%= config.bin %> groups reset-offsets billing --to-group billing-test --execute',
    '<%= config.bin %> groups reset-offsets --from-file undo-billing.csv --execute',
  ]
  static override args = groupArgs
  static override needs = resetNeeds
  static override flags = {
    ...groupFlag,
    topic: listFlag({
      helpValue: 'TOPIC[:0,1]',
      summary: 'A topic, or some of its partitions; may be given many times.',
    }),
    'all-topics': Flags.boolean({
      summary: 'Everything that the group has committed.',
      exclusive: ['topic'],
    }),
    to: Flags.string({
      helpValue: 'PLACE',
      summary: 'earliest, latest, current, N, +N (from the start), -N (before the end) or @TIME.',
    }),
    'shift-by': Flags.integer({ helpValue: 'N', summary: 'So many records forward, or back with -N.' }),
    'to-group': Flags.string({ helpValue: 'GROUP', summary: 'To where another group is.' }),
    'from-file': Flags.string({
      helpValue: 'FILE',
      summary: 'Lines of [group,]topic,partition,offset; -1 takes an offset away.',
    }),
    ...kafkaResetFlags,
    execute: Flags.boolean({ summary: 'Do it.', exclusive: ['dry-run'] }),
    'dry-run': Flags.boolean({ summary: 'Only show it (the default).' }),
    'wait-empty': Flags.boolean({ summary: 'Wait until nobody is in the group.', dependsOn: ['execute'] }),
    undo: Flags.string({
      helpValue: 'FILE',
      summary: 'Where the way back is written (default: undo-GROUP-TIME.csv in this folder).',
      dependsOn: ['execute'],
    }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(GroupsResetOffsets)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { resetOffsets } = await import('../../src/cli/services/groups/reset.ts')
      const { parseResetTo } = await import('../../src/cli/services/groups/reset-target.ts')
      const { parseScopes } = await import('../../src/cli/services/groups/scope.ts')
      const { readOffsetsFile } = await import('../../src/cli/services/groups/offsets-file.ts')
      const path = flags['from-file']
      const file = path === undefined ? undefined : readOffsetsFile(path)
      return resetOffsets(context, {
        names: groupNames(args, flags),
        scopes: parseScopes(flags.topic ?? []),
        allTopics: flags['all-topics'],
        to: parseResetTo(flags, file, context.clock.nowMs()),
        execute: flags.execute,
        waitEmpty: flags['wait-empty'],
        undoFile: flags.undo,
      })
    })
  }
}
