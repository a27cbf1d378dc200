import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ProfileImport extends BaseCommand {
  static override summary = "Put the settings of a client's file into a profile"
  static override effect = 'reads' as const
  static override description =
    "Takes a client.properties of Kafka's clients, or a .conf of kcat with librdkafka's names. The profile is made when it is not there."
  static override usage = 'NAME FILE [FLAGS]'
  static override examples = [
    '<%= config.bin %> profile import prod client.properties',
    '<%= config.bin %> profile import prod ~/.config/kcat.conf',
  ]
  static override args = {
    name: Args.string({ description: "The profile's name.", required: true, ignoreStdin: true }),
    file: Args.string({ description: 'The file.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileImport)
    await this.serveProfiles(flags, async (context) => {
      const { importProfile } = await import('../../src/cli/services/profile/save.ts')
      return importProfile(context, args.name, args.file)
    })
  }
}
