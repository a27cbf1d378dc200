import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag, offlineFlag } from '../../src/cli/flags.ts'
import { groupArgs, groupFlag, groupNames, groupNeeded, oneGroup } from '../../src/cli/group-flags.ts'

export default class GroupsPeek extends BaseCommand {
  static override summary = 'Show the records that a group would read next, without touching it'
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
    print: Flags.string({
      helpValue: 'FIELDS',
      summary: 'Fields with tabs between: topic, partition, offset, timestamp, time, key, value, headers.',
      exclusive: ['format', 'output', 'json'],
    }),
    format: Flags.string({
      char: 'F',
      helpValue: 'TEXT',
      summary: 'A template: %t %p %o %k %v %h %d …',
      exclusive: ['output', 'json'],
    }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(GroupsPeek)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { peek } = await import('../../src/cli/services/groups/peek.ts')
      const { parseScopes } = await import('../../src/cli/services/groups/scope.ts')
      const { recordForm } = await import('../../src/cli/records/record-output.ts')
      const { format } = context.out
      const isTable = (format === 'table' || format === 'wide') && flags.format === undefined
      return peek(context, {
        group: oneGroup(groupNames(args, flags)),
        scopes: parseScopes(flags.topic ?? []),
        maxRecords: flags['max-messages'],
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
