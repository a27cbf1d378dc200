import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { serverFlags } from '../../src/cli/flags.ts'

export default class ClusterStart extends BaseCommand {
  static override summary = 'Run a cluster until Ctrl-C'
  static override effect = 'changes' as const
  static override description = [
    'Serves the data directory to Kafka clients, on this machine unless told otherwise. One line on stdout says when it is',
    'ready and where. Other kcli commands on the same directory use it.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> cluster start',
    '<%= config.bin %> cluster start --brokers 1 --listen 127.0.0.1:19092 --data-dir ./data',
    '<%= config.bin %> cluster start --listen :0 -o json',
  ]
  static override flags = {
    brokers: Flags.integer({
      min: 1,
      max: 100,
      helpValue: 'N',
      summary: 'Brokers (default: as many as are there, else 3).',
    }),
    config: Flags.string({ helpValue: 'FILE', summary: 'A server.properties file for all brokers.' }),
    ...serverFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterStart)
    await this.serveForLong(flags, async (context) => {
      const { startOptions } = await import('../../src/cli/cluster-flags.ts')
      const { startCluster } = await import('../../src/cli/services/cluster/start.ts')
      return startCluster(context, startOptions(flags))
    })
  }
}
