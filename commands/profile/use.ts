import * as Args from '@oclif/core/args'
import type { Need } from '../../src/cli/ask/need.ts'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileUse extends BaseCommand {
  static override summary = 'Use a profile from now on'
  static override effect = 'reads' as const
  static override description =
    "Holds for every command that names no other one with -P or KCLI_PROFILE. 'none' goes back to using none."
  static override usage = 'NAME [FLAGS]'
  static override examples = ['<%= config.bin %> profile use staging', '<%= config.bin %> profile use none']
  static override args = {
    name: Args.string({ description: "The profile's name, or none.", ignoreStdin: true }),
  }
  static override needs: Need[] = [
    {
      anyOf: ['name'],
      ask: 'profile-to-use',
      message: 'NAME is missing',
      hint: 'Usage: kcli profile use NAME. See which there are with: kcli profile list',
    },
  ]

  async run(): Promise<void> {
    const typed = await this.parse(ProfileUse)
    await this.serveProfiles(typed.flags, async (context) => {
      const { args } = await this.complete(context, typed)
      const { selectProfile } = await import('../../src/cli/services/profile/manage.ts')
      return selectProfile(context, args.name ?? '')
    })
  }
}
