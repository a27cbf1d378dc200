import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ZooKeeperStart extends BaseCommand {
  static override summary = 'Run the coordination service alone, until Ctrl-C'
  static override effect = 'changes' as const
  static override description =
    "A standalone ZooKeeper 3.8 as clients and files see it: the folder may be Apache ZooKeeper's dataDir, before and after."
  static override usage = '[FILE] [FLAGS]'
  static override examples = [
    '<%= config.bin %> zookeeper start --data-dir ./zk --listen 127.0.0.1:2181',
    '<%= config.bin %> zookeeper start zoo.cfg',
  ]
  static override args = {
    config: Args.string({ description: 'A zoo.cfg.', ignoreStdin: true }),
  }
  static override flags = {
    listen: Flags.string({
      helpValue: 'HOST:PORT',
      summary: 'Where clients reach it; :0 takes a free port (default 127.0.0.1:2181).',
    }),
    verbose: Flags.boolean({ char: 'v', summary: 'Log what happens on stderr.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ZooKeeperStart)
    await this.serveForLong(flags, async (context) => {
      const { startZooKeeper } = await import('../../src/cli/services/zookeeper/start.ts')
      return startZooKeeper(context, {
        config: args.config,
        listen: flags.listen,
        verbose: flags.verbose,
      })
    })
  }
}
