import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'
import { LeanConfig } from '../src/cli/lean-config.ts'
import { withProfile } from '../src/cli/profiles/active.ts'

export default class Shell extends BaseCommand {
  static override summary = 'Type commands without the kcli, on one open target'
  static override effect = 'reads' as const
  static override description = [
    'Also what kcli alone does on a terminal. With -c, or with a script on stdin, it runs that: it ends at the first command',
    'that fails, with its exit code. Who types begins with the commands in ~/.kclirc (KCLI_RC).',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> shell',
    "<%= config.bin %> -c 'topics create orders; topics list | wc -l'",
    '<%= config.bin %> shell --bootstrap-server localhost:9092 < script.kcli',
  ]
  static override flags = {
    command: Flags.string({
      char: 'c',
      helpValue: 'COMMANDS',
      summary: 'Run these commands and end; `;` stands between them.',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Shell)
    if (!(this.config instanceof LeanConfig)) return
    const { CommandSet } = await import('../src/cli/shell/command-set.ts')
    const { runShell } = await import('../src/cli/services/shell.ts')
    const { command, ...others } = await withProfile(flags, process.env)
    const commands = new CommandSet(this.config.root, this.config.table)
    this.exitCode = await runShell({ flags: others, commands, command })
  }
}
