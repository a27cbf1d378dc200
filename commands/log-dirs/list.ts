import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseIds } from '../../src/cli/flags.ts'
import { logDirFlags } from '../../src/cli/log-dir-flags.ts'

export default class LogDirsList extends BaseCommand {
  static override summary = 'List the log directories of brokers, with their size and the room on their disks'
  static override effect = 'reads' as const
  static override examples = [
    '<%= config.bin %> log-dirs list',
    '<%= config.bin %> log-dirs list --sort size',
    '<%= config.bin %> log-dirs list --broker 1 -o json',
  ]
  static override flags = logDirFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(LogDirsList)
    const brokers = parseIds(flags.broker ?? [])
    await this.serve(flags, async (context) => {
      const { listLogDirs } = await import('../../src/cli/services/log-dirs/list.ts')
      return listLogDirs(context, { brokers, bySize: flags.sort === 'size' })
    })
  }
}
