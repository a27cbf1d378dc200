import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs, brokerNeeded, sessionTimeoutFlag } from '../../src/cli/flags.ts'

export default class ClusterPartition extends BaseCommand {
  static override summary = 'Cut brokers of a running cluster off from others'
  static override effect = 'destroys' as const
  static override description = [
    'Connections between them are cut and refused; clients reach all of them as before.',
    'Without --from they are cut off from all other brokers, with --zookeeper and no --from from ZooKeeper alone.',
  ].join(' ')
  static override usage = 'BROKER... [FLAGS]'
  static override examples = [
    '<%= config.bin %> cluster partition 1',
    '<%= config.bin %> cluster partition 1 --from 0,2 --zookeeper',
    '<%= config.bin %> cluster partition 2 --from 0 --one-way',
  ]
  static override args = brokerArgs
  static override needs = [brokerNeeded]
  static override flags = {
    from: Flags.string({ helpValue: 'BROKER,…', summary: 'Only from these.' }),
    'one-way': Flags.boolean({ summary: 'Only what they open to the others, not what is opened to them.' }),
    zookeeper: Flags.boolean({ summary: 'From ZooKeeper.' }),
    'session-timeout': sessionTimeoutFlag,
  }

  async run(): Promise<void> {
    const typed = await this.parse(ClusterPartition)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { partitionBrokers } = await import('../../src/cli/services/cluster/partition.ts')
      return partitionBrokers(context, {
        brokers: args.broker ?? [],
        from: flags.from === undefined ? undefined : [flags.from],
        isOneWay: flags['one-way'],
        zookeeper: flags.zookeeper,
        sessionTimeoutMs: flags['session-timeout'],
      })
    })
  }
}
