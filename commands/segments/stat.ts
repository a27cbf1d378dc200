import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerFlag, fileArgs, fileNames } from '../../src/cli/segments-flags.ts'

export default class SegmentsStat extends BaseCommand {
  static override summary = 'Count what is in log files, with no broker'
  static override effect = 'reads' as const
  static override description = [
    'Batches, records, codecs and what they save, times, gaps, keys and tombstones, producers and transactions, and how large',
    'the batches are. Replicas count as often as they are there: name one broker with --broker.',
  ].join(' ')
  static override usage = '[FILE...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> segments stat --broker 0',
    '<%= config.bin %> segments stat orders -o json',
    '<%= config.bin %> segments stat /var/lib/kafka/orders-0 --heads',
  ]
  static override args = fileArgs
  static override flags = {
    ...brokerFlag,
    heads: Flags.boolean({
      summary:
        'Look at the heads of batches only: nothing is decompressed, so no ratios, keys and tombstones.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SegmentsStat)
    await this.serveFiles(flags, async (context) => {
      const { statSegments } = await import('../../src/cli/services/segments/stat.ts')
      return statSegments(context, { names: fileNames(args), brokerId: flags.broker, headsOnly: flags.heads })
    })
  }
}
