import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ConfigsExplain extends BaseCommand {
  static override summary = 'Say what a setting is: type, default, valid values, what counts without it'
  static override effect = 'reads' as const
  static override usage = '[KEY] [FLAGS]'
  static override examples = [
    '<%= config.bin %> configs explain retention.ms',
    '<%= config.bin %> configs explain -o wide',
  ]
  static override args = {
    key: Args.string({ description: 'A setting; a list of all without.', ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigsExplain)
    await this.serve(flags, async (context) => {
      const { explainConfig } = await import('../../src/cli/services/configs/explain.ts')
      return explainConfig(context, args.key)
    })
  }
}
