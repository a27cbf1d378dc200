import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag, offlineFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames, groupNeeded, oneGroup } from '../../src/cli/group-flags.ts'
import { recordFlags } from '../../src/cli/records/record-flags.ts'

export default class GroupsPeek extends BaseCommand {
  static override summary = 'Show the records that a group would read next, without touching it'
  static override effect = 'reads' as const
  static override usage = 'GROUP [FLAGS]'
  static override examples = [
    '<%= config.bin %> groups peek billing',
    '<%= config.bin %> groups peek billing --topic orders:0 -n 5 -o json',
  ]
  static override args = groupArgs
  static override needs = [groupNeeded]
  static override flags = {
    ...groupFlag,
    ...offlineFlag,
    ...recordFlags,
    topic: listFlag({
      helpValue: 'TOPIC[:0,1]',
      summary: 'A topic, or some of its partitions; may be given many times.',
    }),
    'max-messages': Flags.integer({
      char: 'n',
      min: 1,
      max: 1000,
      default: 1,
      helpValue: 'N',
      summary: 'So many of each partition.',
    }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(GroupsPeek)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { peek } = await import('../../src/cli/services/groups/peek.ts')
      const { parseScopes } = await import('../../src/cli/services/groups/scope.ts')
      const { recordForm } = await import('../../src/cli/records/record-output.ts')
      const { loadFilter } = await import('../../src/cli/filter/index.ts')
      const { format } = context.out
      const isTable = (format === 'table' || format === 'wide') && flags.format === undefined
      return peek(context, {
        group: oneGroup(groupNames(args, flags)),
        scopes: parseScopes(flags.topic ?? []),
        maxRecords: flags['max-messages'],
        filter: await loadFilter(flags.filter, context.clock.nowMs()),
        form: recordForm({
          format,
          template: flags.format,
          print: flags.print ?? (isTable ? 'topic,partition,offset,time,key,value' : undefined),
          headers: flags.headers !== false,
        }),
      })
    })
  }
}
