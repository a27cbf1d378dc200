import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ClusterStop extends BaseCommand {
  static override summary = 'Stop the server of a data directory'
  static override effect = 'destroys' as const
  static override examples = [
    '<%= config.bin %> cluster stop',
    '<%= config.bin %> cluster stop --data-dir ./data',
  ]
  static override flags = {}

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterStop)
    await this.serve(flags, async (context) => {
      const { stopCluster } = await import('../../src/cli/services/cluster/stop.ts')
      return stopCluster(context)
    })
  }
}
