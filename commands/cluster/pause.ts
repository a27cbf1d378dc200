import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs, brokerNeeded, sessionTimeoutFlag } from '../../src/cli/flags.ts'

export default class ClusterPause extends BaseCommand {
  static override summary = 'Stop brokers of a running cluster in the middle of everything, as SIGSTOP would'
  static override effect = 'destroys' as const
  static override description = [
    'Their connections stay open, and nothing is answered, fetched or told to ZooKeeper until: kcli cluster resume',
  ].join(' ')
  static override usage = 'BROKER... [FLAGS]'
  static override examples = [
    '<%= config.bin %> cluster pause 1',
    '<%= config.bin %> cluster pause controller --session-timeout 500',
  ]
  static override args = brokerArgs
  static override needs = [brokerNeeded]
  static override flags = { 'session-timeout': sessionTimeoutFlag }

  async run(): Promise<void> {
    const typed = await this.parse(ClusterPause)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { pauseBrokers } = await import('../../src/cli/services/cluster/pause.ts')
      return pauseBrokers(context, { brokers: args.broker ?? [], sessionTimeoutMs: flags['session-timeout'] })
    })
  }
}
