import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { regexFlag, topicArgs, topicFlag, topicNames } from '../../src/cli/flags.ts'

const STATES = {
  'under-replicated': 'Only partitions that lack an in-sync replica.',
  unavailable: 'Only partitions without a leader.',
  'under-min-isr': 'Only partitions with fewer in-sync replicas than min.insync.replicas.',
  'at-min-isr': 'Only partitions with exactly min.insync.replicas.',
  reassigning: 'Only partitions that are being moved.',
  'not-preferred': 'Only partitions that another than their first replica leads.',
} as const
const stateFlag = (state: keyof typeof STATES) => Flags.boolean({ summary: STATES[state] })
const brokerFlag = (summary: string) =>
  Flags.integer({ min: 0, max: 2_147_483_647, helpValue: 'ID', summary })

export default class PartitionsList extends BaseCommand {
  static override summary = 'List partitions with leaders and replicas'
  static override effect = 'reads' as const
  static override description = 'With several filters, partitions are listed that match all of them.'
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> partitions list orders',
    '<%= config.bin %> partitions list --under-replicated',
    '<%= config.bin %> partitions list --broker 2 -o json',
  ]
  static override args = topicArgs
  static override flags = {
    ...topicFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too.' }),
    'under-replicated': stateFlag('under-replicated'),
    unavailable: stateFlag('unavailable'),
    'under-min-isr': stateFlag('under-min-isr'),
    'at-min-isr': stateFlag('at-min-isr'),
    reassigning: stateFlag('reassigning'),
    'not-preferred': stateFlag('not-preferred'),
    broker: brokerFlag('Only partitions with a replica on this broker.'),
    leader: brokerFlag('Only partitions that this broker leads.'),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PartitionsList)
    await this.serve(flags, async (context) => {
      const { listPartitions } = await import('../../src/cli/services/partitions/list.ts')
      const states = Object.keys(STATES) as (keyof typeof STATES)[]
      return listPartitions(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        includeInternal: flags.all,
        states: states.filter((state) => flags[state]),
        broker: flags.broker,
        leader: flags.leader,
      })
    })
  }
}
