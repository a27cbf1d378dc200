import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { serverFlags } from '../../src/cli/flags.ts'

export default class BrokerStart extends BaseCommand {
  static override summary = 'Run one broker, with a coordination service of its own, until Ctrl-C'
  static override effect = 'changes' as const
  static override usage = '[FILE] [FLAGS]'
  static override examples = [
    '<%= config.bin %> broker start --listen 127.0.0.1:9092 --data-dir ./one',
    '<%= config.bin %> broker start server.properties --override log.retention.hours=1',
    '<%= config.bin %> broker start --id 2 --zookeeper zk1:2181,zk2:2181/kafka --listen :9094 --data-dir ./two',
  ]
  static override args = {
    config: Args.string({ description: 'A server.properties file.', ignoreStdin: true }),
  }
  static override flags = {
    id: Flags.integer({ min: 0, helpValue: 'N', summary: 'Broker id of a new data directory (default 0).' }),
    ...serverFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(BrokerStart)
    await this.serveForLong(flags, async (context) => {
      const { startOptions } = await import('../../src/cli/cluster-flags.ts')
      const { startCluster } = await import('../../src/cli/services/cluster/start.ts')
      return startCluster(context, startOptions({ ...flags, config: args.config, brokers: 1 }))
    })
  }
}
