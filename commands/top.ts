import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'

export default class Top extends BaseCommand {
  static override summary = 'Watch brokers, topics, groups and znodes live, on the whole screen'
  static override effect = 'reads' as const
  static override description =
    'Keys: Tab and 1 to 5 for the lists, Enter for a detail, Esc back, arrows to select and sort, / to filter, p to pause, + and - for the interval, ? for help, q to quit. Rates come from what is between two looks; records out are those that groups commit.'
  static override examples = [
    '<%= config.bin %> top',
    '<%= config.bin %> top -b broker:9092 --zookeeper zk:2181/kafka',
    '<%= config.bin %> top --once --tab groups',
    '<%= config.bin %> top -n 60 --interval 60000 -o ndjson > hour.ndjson',
  ]
  static override flags = {
    interval: Flags.integer({
      min: 100,
      helpValue: 'MS',
      default: 2000,
      summary: 'Between two looks.',
    }),
    tab: Flags.option({
      options: ['brokers', 'topics', 'groups', 'partitions', 'znodes'] as const,
      summary: 'The list that comes first; with --once or -n the only one.',
    })(),
    iterations: Flags.integer({
      char: 'n',
      min: 1,
      helpValue: 'N',
      summary: 'Draw nothing: write so many looks, as -o says, and end.',
    }),
    once: Flags.boolean({ summary: 'Short for -n 1.', exclusive: ['iterations'] }),
    zookeeper: Flags.string({
      helpValue: 'HOST:PORT,…/PATH',
      summary: 'Where the znodes of a remote cluster are; those of a data directory are found.',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Top)
    const count = flags.once ? 1 : flags.iterations
    await this.serve(
      flags,
      async (context) => {
        const { top } = await import('../src/cli/services/top/top.ts')
        const { interval: intervalMs, tab, zookeeper } = flags
        return top(context, { intervalMs, count, tab, zookeeper })
      },
      { graceMs: 2000, isStream: count === undefined },
    )
  }
}
