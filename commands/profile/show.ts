import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileShow extends BaseCommand {
  static override summary = 'Show a profile, or what commands really work with'
  static override effect = 'reads' as const
  static override description = [
    'With --effective: where a command with the same flags would connect, and every setting with its source. Flags win over',
    '-X, that over --command-config, that over the environment, that over the profile. Secrets are not shown.',
  ].join(' ')
  static override usage = '[NAME] [FLAGS]'
  static override examples = [
    '<%= config.bin %> profile show',
    '<%= config.bin %> profile show prod --effective',
    '<%= config.bin %> profile show --effective -X linger.ms=5 -o json',
  ]
  static override args = {
    name: Args.string({ description: 'The profile (default: the one in use).', ignoreStdin: true }),
  }
  static override flags = {
    effective: Flags.boolean({ summary: 'Every setting that holds, and where it comes from.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileShow)
    await this.serveProfiles(flags, async (context) => {
      if (flags.effective) {
        const { showEffective } = await import('../../src/cli/services/profile/effective.ts')
        return showEffective(context, args.name)
      }
      const { showProfile } = await import('../../src/cli/services/profile/manage.ts')
      return showProfile(context, args.name)
    })
  }
}
