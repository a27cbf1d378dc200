import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { Need } from '../../src/cli/ask/need.ts'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileDelete extends BaseCommand {
  static override summary = 'Delete a profile; the cluster stays as it is'
  static override effect = 'reads' as const
  static override usage = 'NAME [FLAGS]'
  static override examples = ['<%= config.bin %> profile delete staging --yes']
  static override args = {
    name: Args.string({ description: "The profile's name.", ignoreStdin: true }),
  }
  static override needs: Need[] = [
    {
      anyOf: ['name'],
      ask: 'profile',
      message: 'NAME is missing',
      hint: 'Usage: kcli profile delete NAME. See which there are with: kcli profile list',
    },
  ]
  static override flags = {
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(ProfileDelete)
    await this.serveProfiles(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { deleteProfile } = await import('../../src/cli/services/profile/manage.ts')
      return deleteProfile(context, args.name ?? '', flags.yes)
    })
  }
}
