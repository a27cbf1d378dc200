import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ClusterStatus extends BaseCommand {
  static override summary = 'Show who serves a cluster and how it is'
  static override examples = ['<%= config.bin %> cluster status', '<%= config.bin %> cluster status --znodes']
  static override flags = {
    znodes: Flags.boolean({
      summary: 'Also the znodes; runs the cluster for that, unless another process does.',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterStatus)
    await this.serve(flags, async (context) => {
      const { clusterStatus } = await import('../../src/cli/services/cluster/status.ts')
      return clusterStatus(context, { znodes: flags.znodes })
    })
  }
}
