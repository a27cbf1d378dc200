import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../../src/cli/base-command.ts'
import type { CommandContext } from '../../src/cli/context.ts'
import { brokerFlag, fileArgs, fileNames } from '../../src/cli/segments-flags.ts'

export default class SegmentsRepair extends BaseCommand {
  static override summary = 'Repair log files, with no broker'
  static override effect = ({ flags }: Typed) => (flags.execute === true ? 'destroys' : 'reads')
  static override description = [
    'Builds missing and wrong indexes again, cuts a log at its first damaged batch as the recovery of a broker does, takes',
    'damaged producer snapshots away, and puts leader epochs and checkpoints right that do not fit the log. Only says what it',
    'would do unless --execute is given; then a copy of everything that changes is kept, with a script to undo it, in a',
    'folder kcli-repair-TIME beside the log directory. No broker may be running on the files.',
  ].join(' ')
  static override usage = '[FILE...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> segments repair',
    '<%= config.bin %> segments repair orders-0 --broker 1 --execute',
    '<%= config.bin %> segments repair /var/lib/kafka --execute --backup-dir /var/backups',
  ]
  static override args = fileArgs
  static override flags = {
    ...brokerFlag,
    'dry-run': Flags.boolean({
      summary: 'Only say what would be done (the default).',
      exclusive: ['execute'],
    }),
    execute: Flags.boolean({ summary: 'Do it.' }),
    'backup-dir': Flags.string({
      helpValue: 'DIR',
      summary: 'Where to keep the copies; not inside a log directory (default: beside it).',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SegmentsRepair)
    const { execute, broker } = flags
    const work = async (context: CommandContext) => {
      const { repairSegments } = await import('../../src/cli/services/segments/repair.ts')
      const backupDir = flags['backup-dir']
      return repairSegments(context, { names: fileNames(args), brokerId: broker, execute, backupDir })
    }
    // A step that has begun is finished: half of an index is of no use.
    await this.serveFiles(flags, work, execute ? 300_000 : 0)
  }
}
