import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs, pausedBrokerNeeded } from '../../src/cli/flags.ts'

export default class ClusterResume extends BaseCommand {
  static override summary = 'Let paused brokers go on'
  static override effect = 'changes' as const
  static override description = [
    'One whose session has expired learns that others lead now, and joins the cluster again.',
  ].join(' ')
  static override usage = 'BROKER... [FLAGS]'
  static override examples = ['<%= config.bin %> cluster resume 1']
  static override args = brokerArgs
  static override needs = [pausedBrokerNeeded]
  static override flags = {}

  async run(): Promise<void> {
    const typed = await this.parse(ClusterResume)
    await this.serve(typed.flags, async (context) => {
      const { args } = await this.complete(context, typed)
      const { resumeBrokers } = await import('../../src/cli/services/cluster/pause.ts')
      return resumeBrokers(context, { brokers: args.broker ?? [] })
    })
  }
}
