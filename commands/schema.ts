import * as Args from '@oclif/core/args'
import { BaseCommand } from '../src/cli/base-command.ts'

export default class SchemaCommand extends BaseCommand {
  static override summary = 'Print the JSON Schema of what a command writes with -o json'
  static override effect = 'reads' as const
  static override description = [
    'The root describes the document of -o json, #/$defs/line each line of -o ndjson. `error` is what commands write with',
    '-o json when they fail, `explain` --explain=json, `properties` -X list. The same files are in docs/schemas of the package.',
  ].join(' ')
  static override usage = '[COMMAND] [FLAGS]'
  static override examples = [
    '<%= config.bin %> schema',
    '<%= config.bin %> schema topics list',
    '<%= config.bin %> schema error',
  ]
  static override args = {
    command: Args.string({
      description: 'The words of the command; a list of all without.',
      multiple: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SchemaCommand)
    await this.serve(flags, async (context) => {
      const { showSchema } = await import('../src/cli/services/schema.ts')
      return showSchema(context, [args.command ?? []].flat().map(String))
    })
  }
}
