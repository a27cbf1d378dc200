import { BaseCommand } from '../src/cli/base-command.ts'

export default class Zk extends BaseCommand {
  static override summary = 'Look at znodes and change them: the commands of zkCli, and more'
  static override effect = 'reads' as const
  static override description = [
    'Works on the coordination service of the data directory, or on any ZooKeeper with --server. With a command it runs that',
    'one and ends with 0, 1 or 127, as zkCli does; without, it is a shell. `kcli zk help` lists the commands.',
    'Flags: --server HOST:PORT,…/PATH (KCLI_ZOOKEEPER), --data-dir DIR, -P PROFILE, --confirm PROFILE, --auth SCHEME:AUTH,',
    '--timeout MS, -o json.',
  ].join(' ')
  static override usage = '[COMMAND [ARGUMENTS]] [FLAGS]'
  static override examples = [
    '<%= config.bin %> zk ls -R /brokers',
    '<%= config.bin %> zk get --explain /controller',
    '<%= config.bin %> zk watch /brokers/ids',
    '<%= config.bin %> zk --server zk1:2181,zk2:2181/kafka',
  ]
  static override baseFlags = {} as typeof BaseCommand.baseFlags
  static override strict = false

  async run(): Promise<void> {
    const { takeZkFlags } = await import('../src/cli/zk/flags.ts')
    const flags = takeZkFlags(this.argv)
    await this.serve(
      {
        ...flags.values,
        timeout: flags.values.timeout === undefined ? undefined : Number(flags.values.timeout),
        json: flags.switches.has('json'),
        color: !flags.switches.has('no-color'),
      },
      async (context) => {
        const { browseZnodes } = await import('../src/cli/services/zk.ts')
        return browseZnodes(context, flags)
      },
      { isStream: true },
    )
  }
}
