import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerArgs, brokerNeeded, sessionTimeoutFlag } from '../../src/cli/flags.ts'

export default class ClusterKill extends BaseCommand {
  static override summary = 'Kill brokers of a running cluster, as kill -9 would'
  static override effect = 'destroys' as const
  static override description = [
    'Nothing is flushed or handed over, connections are cut, and the session with ZooKeeper is left to expire.',
    'The cluster has to run in a server: kcli cluster start. See what happens with: kcli cluster status --watch',
  ].join(' ')
  static override usage = 'BROKER... [FLAGS]'
  static override examples = [
    '<%= config.bin %> cluster kill 1',
    '<%= config.bin %> cluster kill controller',
    '<%= config.bin %> cluster kill 1,2 --session-timeout 500',
  ]
  static override args = brokerArgs
  static override needs = [brokerNeeded]
  static override flags = { 'session-timeout': sessionTimeoutFlag }

  async run(): Promise<void> {
    const typed = await this.parse(ClusterKill)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { killBrokers } = await import('../../src/cli/services/cluster/kill.ts')
      return killBrokers(context, { brokers: args.broker ?? [], sessionTimeoutMs: flags['session-timeout'] })
    })
  }
}
