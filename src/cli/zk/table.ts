import { nearestName } from '../../base/edit-distance.ts'
import type { Effect } from '../profiles/guard.ts'
import { ACL_COMMANDS } from './acl-commands.ts'
import { parseArguments } from './arguments.ts'
import type { ZkCommand, ZkSession } from './command.ts'
import { UnknownCommandError, ZkUsageError } from './errors.ts'
import { NODE_COMMANDS } from './node-commands.ts'
import { QUOTA_COMMANDS } from './quota-commands.ts'
import { SESSION_COMMANDS } from './session-commands.ts'
import { TREE_COMMANDS } from './tree-commands.ts'
import { WATCH_COMMANDS } from './watch-commands.ts'

const help: ZkCommand = {
  name: 'help',
  effect: 'reads',
  usage: '[command]',
  summary: 'What there is.',
  isZkCli: false,
  run(session, { words: [name] }) {
    const commands = name === undefined ? ZK_COMMANDS : [findCommand(name)]
    const width = Math.max(...commands.map((each) => each.name.length))
    for (const { name: each, usage, summary } of commands) {
      session.out(`${each.padEnd(width)}  ${summary}\n`)
      if (name !== undefined) session.out(`${each} ${usage}\n`)
    }
    return Promise.resolve()
  },
}

/** By name, as zkCli sorts them. */
export const ZK_COMMANDS: readonly ZkCommand[] = [
  ...NODE_COMMANDS,
  ...ACL_COMMANDS,
  ...WATCH_COMMANDS,
  ...QUOTA_COMMANDS,
  ...SESSION_COMMANDS,
  ...TREE_COMMANDS,
  help,
].sort((a, b) => (a.name < b.name ? -1 : 1))

/** Throws an {@link UnknownCommandError}. */
function findCommand(name: string): ZkCommand {
  const found = ZK_COMMANDS.find((each) => each.name === name)
  if (found === undefined) throw new UnknownCommandError(name)
  return found
}

/** What a command line does to the znodes; nothing when there is no such command. */
export function effectOf(name: string | undefined): Effect {
  return ZK_COMMANDS.find((each) => each.name === name)?.effect ?? 'reads'
}

/** What zkCli prints for a command that it does not know. */
export function zkCliUsage(): string {
  const lines = ZK_COMMANDS.filter(({ isZkCli }) => isZkCli).map(({ name, usage }) => `\t${name} ${usage}\n`)
  return `ZooKeeper -server host:port -client-configuration properties-file cmd args\n${lines.join('')}`
}

/** The same for people: zkCli's list of everything hides what matters. */
export function unknownCommandText(typed: string): string {
  const nearest = nearestName(
    typed,
    ZK_COMMANDS.map(({ name }) => name),
  )
  const meant = nearest === undefined ? '' : ` Did you mean '${nearest}'?`
  return `zk has no command '${typed}'.${meant} 'help' lists all of them.`
}

/** Runs one command. Rejects with a ZkUsageError, an UnknownCommandError or what ZooKeeper answered. */
export async function runZkCommand(session: ZkSession, argv: readonly string[]): Promise<void> {
  const [name = '', ...rest] = argv
  const command = findCommand(name)
  const args = parseArguments(rest, command.options)
  if (args.words.length < (command.minArguments ?? 0)) throw new ZkUsageError(`${name} ${command.usage}`)
  await command.run(session, args)
}
