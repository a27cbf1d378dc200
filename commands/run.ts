import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../src/cli/base-command.ts'
import { listFlag, serverFlags } from '../src/cli/flags.ts'

export default class Run extends BaseCommand {
  static override summary = 'Run a program beside a cluster of its own'
  static override effect = ({ flags }: Typed) => (flags['data-dir'] === undefined ? 'reads' : 'changes')
  static override usage = '[FLAGS] -- PROGRAM [ARGUMENTS]'
  static override description = [
    'Starts a cluster in a temporary folder on free ports, runs the program with its address in KAFKA_BOOTSTRAP_SERVERS, and',
    "ends with the program's exit code. Nothing is left behind, unless --data-dir names a folder. kcli itself, called by the",
    'program, works on that cluster.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> run -- npm test',
    '<%= config.bin %> run --brokers 1 --topic orders:3:1 -- ./integration-test.sh',
    "<%= config.bin %> run -- sh -c 'kcli topics create t && seq 3 | kcli produce t && kcli consume t'",
  ]
  static override strict = false
  static override args = {
    program: Args.string({ description: 'The program and its arguments, behind --.', ignoreStdin: true }),
  }
  static override flags = {
    brokers: Flags.integer({ min: 1, max: 100, helpValue: 'N', summary: 'Brokers (default 3).' }),
    topic: listFlag({
      helpValue: 'NAME:PARTITIONS:REPLICAS',
      summary: 'A topic to make before the program starts; the numbers may be left out.',
    }),
    config: Flags.string({ helpValue: 'FILE', summary: 'A server.properties file for all brokers.' }),
    ...serverFlags,
    listen: Flags.string({
      helpValue: 'HOST:PORT',
      default: '127.0.0.1:0',
      summary: 'Where the first broker listens, the others on the ports behind it; :0 takes free ones.',
    }),
  }

  async run(): Promise<void> {
    const at = this.argv.indexOf('--')
    const command = at === -1 ? [] : this.argv.slice(at + 1)
    const { flags } = await this.parse(Run, at === -1 ? this.argv : this.argv.slice(0, at))
    await this.serveForLong(flags, async (context) => {
      const { startOptions } = await import('../src/cli/cluster-flags.ts')
      const { parseNewTopic, runBeside } = await import('../src/cli/services/run.ts')
      return runBeside(context, {
        command,
        topics: (flags.topic ?? []).map(parseNewTopic),
        cluster: startOptions(flags),
      })
    })
  }
}
