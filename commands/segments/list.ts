import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerFlag, fileArgs, fileNames } from '../../src/cli/segments-flags.ts'

export default class SegmentsList extends BaseCommand {
  static override summary = 'List the segments of partitions, with no broker'
  static override effect = 'reads' as const
  static override description =
    'Shows what names, sizes and index entries tell; use stat for what is inside, verify to check it.'
  static override usage = '[FILE...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> segments list',
    '<%= config.bin %> segments list orders --broker 1',
    '<%= config.bin %> segments list /var/lib/kafka/orders-0 -o wide',
    "<%= config.bin %> segments list 'order*' -o name",
  ]
  static override args = fileArgs
  static override flags = brokerFlag

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SegmentsList)
    await this.serveFiles(flags, async (context) => {
      const { listLogSegments } = await import('../../src/cli/services/segments/list.ts')
      return listLogSegments(context, { names: fileNames(args), brokerId: flags.broker })
    })
  }
}
