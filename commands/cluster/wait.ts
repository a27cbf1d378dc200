import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { topicFlag } from '../../src/cli/flags.ts'

export default class ClusterWait extends BaseCommand {
  static override summary = 'Wait until a cluster can be used'
  static override effect = 'reads' as const
  static override description = [
    'For scripts: returns when enough brokers answer, there is a controller, the named topics exist, and every partition has a',
    'leader. Ends with 3 and says what is missing when that takes longer than --timeout.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> cluster wait --bootstrap-server localhost:9092 --timeout 60000',
    '<%= config.bin %> cluster wait --brokers 3 --topic orders --in-sync',
  ]
  static override flags = {
    brokers: Flags.integer({
      min: 1,
      default: 1,
      helpValue: 'N',
      summary: 'So many brokers at least.',
    }),
    ...topicFlag,
    'in-sync': Flags.boolean({ summary: 'Wait for every replica, too.' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterWait)
    await this.serveFiles(flags, async (context) => {
      const { waitForCluster } = await import('../../src/cli/services/cluster/wait.ts')
      return waitForCluster(context, {
        brokers: flags.brokers,
        topics: flags.topic ?? [],
        inSync: flags['in-sync'],
      })
    })
  }
}
