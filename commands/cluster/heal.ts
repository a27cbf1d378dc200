import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs } from '../../src/cli/flags.ts'

export default class ClusterHeal extends BaseCommand {
  static override summary = 'Let brokers reach each other again'
  static override effect = 'changes' as const
  static override description = [
    'Ends every kcli cluster partition that concerns them; without a broker, all.',
  ].join(' ')
  static override usage = '[BROKER...] [FLAGS]'
  static override examples = ['<%= config.bin %> cluster heal', '<%= config.bin %> cluster heal 1']
  static override args = brokerArgs
  static override flags = {}

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterHeal)
    await this.serve(flags, async (context) => {
      const { healBrokers } = await import('../../src/cli/services/cluster/partition.ts')
      return healBrokers(context, { brokers: args.broker ?? [] })
    })
  }
}
