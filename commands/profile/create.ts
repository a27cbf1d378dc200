import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { parseKeyValues } from '../../src/cli/console/properties.ts'

export default class ProfileCreate extends BaseCommand {
  static override summary = 'Make a profile: a cluster, under a name'
  static override effect = 'reads' as const
  static override description = [
    'Profiles are kept in config.yml (KCLI_CONFIG names another file), for its owner alone. Values of properties may stand',
    'elsewhere: env:NAME, file:PATH and cmd:COMMAND are resolved when they are used, and never shown.',
  ].join(' ')
  static override usage = 'NAME [FLAGS]'
  static override examples = [
    '<%= config.bin %> profile create staging --bootstrap-server kafka1:9092,kafka2:9092 --use',
    '<%= config.bin %> profile create prod -b kafka:9092 --zookeeper zk:2181 --protected',
    '<%= config.bin %> profile create local --data-dir ./data',
    "<%= config.bin %> profile create team --from client.properties -X sasl.password='cmd:pass kafka'",
  ]
  static override args = {
    name: Args.string({ description: "The profile's name.", required: true, ignoreStdin: true }),
  }
  static override flags = {
    zookeeper: Flags.string({
      helpValue: 'HOST:PORT,…/PATH',
      summary: 'Where the znodes of the cluster are, for kcli zk.',
    }),
    from: Flags.string({
      helpValue: 'FILE',
      summary: "Take the settings of this client.properties, or kcat's .conf.",
    }),
    protected: Flags.boolean({ summary: 'Ask for its name before something is destroyed.' }),
    'read-only': Flags.boolean({ summary: 'Refuse commands that change something.' }),
    use: Flags.boolean({ summary: 'Use it from now on.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileCreate)
    await this.serveProfiles(flags, async (context) => {
      const { createProfile } = await import('../../src/cli/services/profile/save.ts')
      return createProfile(context, {
        name: args.name,
        bootstrapServer: flags['bootstrap-server'],
        dataDir: flags['data-dir'],
        zookeeper: flags.zookeeper,
        properties: parseKeyValues(flags['command-property'], '-X'),
        from: flags.from ?? flags['command-config'],
        isProtected: flags.protected,
        isReadOnly: flags['read-only'],
        use: flags.use,
      })
    })
  }
}
