import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileUse extends BaseCommand {
  static override summary = 'Use a profile from now on'
  static override effect = 'reads' as const
  static override description =
    "Holds for every command that names no other one with -P or KCLI_PROFILE. 'none' goes back to using none."
  static override usage = 'NAME [FLAGS]'
  static override examples = ['<%= config.bin %> profile use staging', '<%= config.bin %> profile use none']
  static override args = {
    name: Args.string({ description: "The profile's name, or none.", required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileUse)
    await this.serveProfiles(flags, async (context) => {
      const { selectProfile } = await import('../../src/cli/services/profile/manage.ts')
      return selectProfile(context, args.name)
    })
  }
}
