import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs, killedBrokerNeeded } from '../../src/cli/flags.ts'

export default class ClusterRevive extends BaseCommand {
  static override summary = 'Start killed brokers again'
  static override effect = 'changes' as const
  static override description = [
    'They recover their logs as after a crash. Before, ZooKeeper has to have forgotten them: this waits for it.',
  ].join(' ')
  static override usage = 'BROKER... [FLAGS]'
  static override examples = ['<%= config.bin %> cluster revive 1', '<%= config.bin %> cluster revive 1,2']
  static override args = brokerArgs
  static override needs = [killedBrokerNeeded]
  static override flags = {}

  async run(): Promise<void> {
    const typed = await this.parse(ClusterRevive)
    await this.serve(typed.flags, async (context) => {
      const { args } = await this.complete(context, typed)
      const { reviveBrokers } = await import('../../src/cli/services/cluster/kill.ts')
      return reviveBrokers(context, { brokers: args.broker ?? [] })
    })
  }
}
