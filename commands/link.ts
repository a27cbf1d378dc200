import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'
import { LeanConfig } from '../src/cli/lean-config.ts'

export default class Link extends BaseCommand {
  static override summary = "Put links with the names of Kafka's tools into a folder"
  static override effect = 'reads' as const
  static override description =
    'Makes links such as kafka-topics and kafka-topics.sh. With the folder first in PATH, scripts use them in place of the originals.'
  static override usage = 'FOLDER [FLAGS]'
  static override examples = [
    '<%= config.bin %> link ~/bin',
    'PATH="$PWD/tools:$PATH" ./script-with-kafka-topics.sh',
  ]
  static override args = {
    folder: Args.string({ description: 'It is made when it is missing.', ignoreStdin: true }),
  }
  static override flags = {
    force: Flags.boolean({ summary: 'Replace what has one of the names already.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Link)
    await this.serveFiles(flags, async (context) => {
      const { linkTools } = await import('../src/cli/services/link.ts')
      const { config } = this
      if (!(config instanceof LeanConfig)) return undefined
      return linkTools(context, {
        folder: args.folder,
        force: flags.force,
        program: `${config.root}/bin/run.js`,
        ids: Object.keys(config.table),
      })
    })
  }
}
