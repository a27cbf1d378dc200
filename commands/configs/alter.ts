import * as Flags from '@oclif/core/flags'
import type { Need } from '../../src/cli/ask/need.ts'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { configResourceFlags, configResourceNeeded } from '../../src/cli/config-flags.ts'
import { parseKeyValues } from '../../src/cli/console/properties.ts'
import { listFlag } from '../../src/cli/flags.ts'

export default class ConfigsAlter extends BaseCommand {
  static override summary = 'Change settings of topics and brokers while they run'
  static override effect = 'changes' as const
  static override usage = '--topic TOPIC | --broker ID | --all-brokers [FLAGS]'
  static override examples = [
    '<%= config.bin %> configs alter --topic orders --set retention.ms=86400000 --delete segment.bytes',
    '<%= config.bin %> configs alter --all-brokers --set log.cleaner.threads=2 --dry-run',
  ]
  static override needs: Need[] = [
    configResourceNeeded,
    {
      anyOf: ['set', 'delete'],
      ask: 'config-change',
      message: 'nothing to change',
      hint: 'Give --set KEY=VALUE or --delete KEY.',
    },
  ]
  static override flags = {
    ...configResourceFlags,
    set: listFlag({ helpValue: 'KEY=VALUE', summary: 'Set it; may be given many times.' }),
    delete: listFlag({
      helpValue: 'KEY',
      summary: 'Go back to what counts without it; may be given many times.',
    }),
    'dry-run': Flags.boolean({ summary: 'Let the brokers check it, change nothing.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask before records are deleted by it.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(ConfigsAlter)
    await this.serve(typed.flags, async (context) => {
      const { flags } = await this.complete(context, typed)
      const { alterConfigs } = await import('../../src/cli/services/configs/alter.ts')
      const { resourcesOf } = await import('../../src/cli/services/configs/resources.ts')
      return alterConfigs(context, {
        resources: resourcesOf(flags),
        set: parseKeyValues(flags.set, '--set'),
        remove: flags.delete ?? [],
        dryRun: flags['dry-run'],
        yes: flags.yes,
      })
    })
  }
}
