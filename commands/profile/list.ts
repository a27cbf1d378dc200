import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileList extends BaseCommand {
  static override summary = 'List the profiles, and which one is in use'
  static override effect = 'reads' as const
  static override examples = ['<%= config.bin %> profile list', '<%= config.bin %> profile list -o name']

  async run(): Promise<void> {
    const { flags } = await this.parse(ProfileList)
    await this.serveProfiles(flags, async (context) => {
      const { listProfiles } = await import('../../src/cli/services/profile/manage.ts')
      return listProfiles(context)
    })
  }
}
