import * as Args from '@oclif/core/args'
import { BaseCommand } from '../src/cli/base-command.ts'
import { LeanConfig } from '../src/cli/lean-config.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export default class Completion extends BaseCommand {
  static override summary = 'Print what bash, zsh or fish need to complete command lines'
  static override effect = 'reads' as const
  static override description = [
    "Completes commands, flags and their values, topics, groups, brokers, partitions, settings and files, and Kafka's tools",
    'under their own names. Names come from a private cache, which is made new in the background.',
  ].join(' ')
  static override usage = 'bash|zsh|fish'
  static override examples = [
    'echo "source <(<%= config.bin %> completion bash)" >> ~/.bashrc',
    'echo "source <(<%= config.bin %> completion zsh)" >> ~/.zshrc',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ]
  static override args = {
    shell: Args.string({
      description: 'The shell.',
      options: [...SHELLS],
      required: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Completion)
    await this.serve(flags, async ({ out }) => {
      const { completionScript } = await import('../src/cli/completion/scripts.ts')
      const { isKafkaTool } = await import('../src/cli/resolve.ts')
      const shell = SHELLS.find((name) => name === args.shell) ?? 'bash'
      const ids = this.config instanceof LeanConfig ? Object.keys(this.config.table) : []
      await out.write(completionScript(shell, ids.filter(isKafkaTool)))
      return undefined
    })
  }
}
