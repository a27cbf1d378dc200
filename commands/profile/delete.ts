import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileDelete extends BaseCommand {
  static override summary = 'Delete a profile; the cluster stays as it is'
  static override effect = 'reads' as const
  static override usage = 'NAME [FLAGS]'
  static override examples = ['<%= config.bin %> profile delete staging --yes']
  static override args = {
    name: Args.string({ description: "The profile's name.", required: true, ignoreStdin: true }),
  }
  static override flags = {
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileDelete)
    await this.serveProfiles(flags, async (context) => {
      const { deleteProfile } = await import('../../src/cli/services/profile/manage.ts')
      return deleteProfile(context, args.name, flags.yes)
    })
  }
}
