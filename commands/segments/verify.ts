import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { brokerFlag, fileArgs, fileNames } from '../../src/cli/segments-flags.ts'

export default class SegmentsVerify extends BaseCommand {
  static override summary = 'Check log files, with no broker'
  static override effect = 'reads' as const
  static override description = [
    'Checks checksums, offsets, indexes, leader epochs, producer snapshots and checkpoints against each other, and the',
    'replicas of a kcli data directory against one another. Reads only; a broker may be running. Exits with 1 when there is',
    'an error.',
  ].join(' ')
  static override usage = '[FILE...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> segments verify',
    '<%= config.bin %> segments verify orders-0 --deep',
    '<%= config.bin %> segments verify /var/lib/kafka -o json',
    "<%= config.bin %> segments verify '/var/lib/kafka/orders-*/*.log' --strict",
  ]
  static override args = fileArgs
  static override flags = {
    ...brokerFlag,
    deep: Flags.boolean({ summary: 'Look at every record inside the batches too, decompressed.' }),
    strict: Flags.boolean({ summary: 'Exit with 1 on warnings too.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SegmentsVerify)
    await this.serveFiles(flags, async (context) => {
      const { verifySegments } = await import('../../src/cli/services/segments/verify.ts')
      const { deep, strict, broker } = flags
      return verifySegments(context, { names: fileNames(args), brokerId: broker, deep, strict })
    })
  }
}
