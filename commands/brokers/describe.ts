import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseIds } from '../../src/cli/flags.ts'

export default class BrokersDescribe extends BaseCommand {
  static override summary = 'Show what brokers carry and how they are set'
  static override effect = 'reads' as const
  static override usage = '[ID...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> brokers describe 0',
    '<%= config.bin %> brokers describe 0 1 --all-configs',
    '<%= config.bin %> brokers describe -o json',
  ]
  static override args = {
    id: Args.string({ description: 'Brokers; all without.', multiple: true, ignoreStdin: true }),
  }
  static override flags = {
    'all-configs': Flags.boolean({
      summary: 'Settings with their defaults, not only those that were changed.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(BrokersDescribe)
    const words: unknown[] = args.id === undefined ? [] : [args.id].flat()
    const ids = parseIds(words.map(String))
    await this.serve(flags, async (context) => {
      const { describeBrokers } = await import('../../src/cli/services/brokers/describe.ts')
      return describeBrokers(context, { ids, allConfigs: flags['all-configs'] })
    })
  }
}
