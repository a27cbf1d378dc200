import { standardInputChunks } from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import type { CommandSet } from '../shell/command-set.ts'
import { Session } from '../shell/session.ts'

export interface ShellOptions {
  readonly flags: GlobalFlags
  readonly commands: CommandSet
  /** Run this and end. */
  readonly command: string | undefined
}

/** Commands without the `kcli`, on one open target: typed on a terminal, from a script on stdin, or given. */
export async function runShell(options: ShellOptions): Promise<number> {
  const { flags, commands, command } = options
  if (command === undefined && process.stdin.isTTY === true) {
    const { runInteractive } = await import('../shell/interactive.ts')
    return await runInteractive({ flags, commands })
  }
  const session = new Session({ flags, commands, isInteractive: false })
  try {
    return await session.runText(command ?? (await script()))
  } finally {
    await session.close()
  }
}

async function script(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of standardInputChunks(new AbortController().signal)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
