import * as Args from '@oclif/core/args'
import { BaseCommand } from '../src/cli/base-command.ts'
import { parseIds } from '../src/cli/flags.ts'

export default class ApiVersions extends BaseCommand {
  static override summary = 'Show which versions of the protocol brokers serve, and which kcli uses'
  static override effect = 'reads' as const
  static override description =
    'Brokers that serve the same share a row; two rows for one API tell of brokers of different versions.'
  static override usage = '[BROKER...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> api-versions',
    '<%= config.bin %> api-versions 1 -b broker:9092',
    '<%= config.bin %> api-versions -o json',
  ]
  static override args = {
    broker: Args.string({ description: 'Broker ids; all without.', multiple: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ApiVersions)
    const words: unknown[] = args.broker === undefined ? [] : [args.broker].flat()
    const ids = parseIds(words.map(String))
    await this.serve(flags, async (context) => {
      const { showApiVersions } = await import('../src/cli/services/api-versions/show.ts')
      return showApiVersions(context, ids)
    })
  }
}
