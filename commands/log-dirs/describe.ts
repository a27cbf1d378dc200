import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseIds, regexFlag, topicArgs, topicFlag, topicNames } from '../../src/cli/flags.ts'
import { logDirFlags } from '../../src/cli/log-dir-flags.ts'

export default class LogDirsDescribe extends BaseCommand {
  static override summary = 'Show which replica is in which log directory, and how large it is'
  static override effect = 'reads' as const
  static override description =
    'A replica that moves to another directory is there twice: the copy is marked as future, with the records that it lacks.'
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> log-dirs describe --sort size',
    '<%= config.bin %> log-dirs describe orders --broker 1',
    '<%= config.bin %> log-dirs describe --all -o csv',
  ]
  static override args = topicArgs
  static override flags = {
    ...topicFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too.' }),
    ...logDirFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogDirsDescribe)
    const brokers = parseIds(flags.broker ?? [])
    await this.serve(flags, async (context) => {
      const { describeLogDirs } = await import('../../src/cli/services/log-dirs/describe.ts')
      return describeLogDirs(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        includeInternal: flags.all,
        brokers,
        bySize: flags.sort === 'size',
      })
    })
  }
}
