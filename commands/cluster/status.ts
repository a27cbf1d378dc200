import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import type { CommandContext } from '../../src/cli/context.ts'

export default class ClusterStatus extends BaseCommand {
  static override summary = 'Show who serves a cluster and how it is'
  static override effect = 'reads' as const
  static override examples = [
    '<%= config.bin %> cluster status',
    '<%= config.bin %> cluster status --watch',
    '<%= config.bin %> cluster status --partitions -o json',
    '<%= config.bin %> cluster status --znodes',
  ]
  static override flags = {
    znodes: Flags.boolean({
      summary: 'Also the znodes; runs the cluster for that, unless another process does.',
    }),
    partitions: Flags.boolean({
      summary: 'Also leader, in-sync replicas, high watermark and end offsets of each partition.',
    }),
    watch: Flags.boolean({
      char: 'w',
      summary: 'Show it until q or Ctrl-C: in place on a terminal, elsewhere one JSON line for each change.',
      exclusive: ['znodes', 'partitions'],
    }),
    interval: Flags.integer({
      min: 50,
      helpValue: 'MS',
      summary: 'Between two looks with --watch (default 1000).',
      dependsOn: ['watch'],
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterStatus)
    const work = async (context: CommandContext) => {
      if (flags.watch) {
        const { watchStatus } = await import('../../src/cli/services/cluster/status-watch.ts')
        return watchStatus(context, { intervalMs: flags.interval ?? 1000 })
      }
      const { clusterStatus } = await import('../../src/cli/services/cluster/status.ts')
      return clusterStatus(context, { znodes: flags.znodes, partitions: flags.partitions })
    }
    await this.serve(flags, work, flags.watch ? { isStream: true, graceMs: 2000 } : {})
  }
}
