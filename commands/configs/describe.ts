import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { configResourceFlags, configResourceNeeded } from '../../src/cli/config-flags.ts'

export default class ConfigsDescribe extends BaseCommand {
  static override summary = 'Show settings of topics and brokers, and where their values come from'
  static override effect = 'reads' as const
  static override usage = '[KEY...] --topic TOPIC | --broker ID | --all-brokers [FLAGS]'
  static override examples = [
    '<%= config.bin %> configs describe --topic orders',
    '<%= config.bin %> configs describe retention.ms --topic orders --topic payments -o wide',
    '<%= config.bin %> configs describe --broker 0 --all',
  ]
  static override args = {
    key: Args.string({
      description: 'Settings; all that were changed without.',
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override needs = [configResourceNeeded]
  static override flags = {
    ...configResourceFlags,
    all: Flags.boolean({ char: 'a', summary: 'Also settings that nobody changed.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(ConfigsDescribe)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const words: unknown[] = args.key === undefined ? [] : [args.key].flat()
      const { describeConfigs } = await import('../../src/cli/services/configs/describe.ts')
      const { resourcesOf } = await import('../../src/cli/services/configs/resources.ts')
      const keys = [...new Set(words.map(String))]
      return describeConfigs(context, { resources: resourcesOf(flags), keys, all: flags.all })
    })
  }
}
