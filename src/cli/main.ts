import type { Interfaces } from '@oclif/core'
import type { Config } from '@oclif/core/config'
import { ClosedPipeError, hasInput, readTextFile } from '../base/standard-streams.ts'
import type { BaseCommand } from './base-command.ts'
import { EXIT, exitCodeOf, UsageError } from './exit-codes.ts'
import { ProcessHost } from './host.ts'
import { LeanConfig } from './lean-config.ts'
import { formatError } from './report-error.ts'
import { canonicalWords, isKafkaTool, resolveCommand, unknownCommand, wantsHelp } from './resolve.ts'

/** The bundle's command table: ids such as `topics:create`; reading a property loads the command. */
export type CommandTable = Readonly<Record<string, CommandClass>>

export interface CommandClass {
  new (argv: string[], config: Config): BaseCommand
  id: string
}

export interface MainHooks {
  /** Called once when the command has ended, if there is such a one; the loader writes its code cache here. */
  beforeExit(isKnown: boolean): void
}

/** Runs one command line and ends the process with its exit code. Called by bin/run.js. */
export async function main(
  argv: string[],
  root: string,
  table: CommandTable,
  hooks: MainHooks,
): Promise<void> {
  try {
    await runCommandLine(argv, root, table)
  } catch (error) {
    process.exitCode = reportFailure(error, argv.includes('--debug'))
  }
  await drain(process.stdout)
  await drain(process.stderr)
  const ids = new Set(Object.keys(table))
  hooks.beforeExit(argv[0] === COMPLETE || unknownCommand(canonicalWords(argv, ids), ids) === undefined)
  // Idle connections and timers must not hold a finished command back.
  process.exit()
}

/** The hidden command that the scripts of `kcli completion` call. */
const COMPLETE = '__complete'

async function runCommandLine(argv: string[], root: string, table: CommandTable): Promise<void> {
  const ids = new Set(Object.keys(table))
  if (argv[0] === COMPLETE) return await completeWords(argv.slice(1), root, ids)
  const words = canonicalWords(startsShell(argv) ? ['shell', ...argv] : argv, ids)
  if (words.length === 0 || (words.length === 1 && ROOT_HELP.has(words[0] ?? '')))
    return await showRootHelp(root)
  const resolved = resolveCommand(words, ids)
  if (resolved === undefined || (wantsHelp(resolved.rest) && !isKafkaTool(resolved.id))) {
    refuseFlagsFirst(words, ids)
    refuseUnknown(words, ids)
    return await runOclif(words, root)
  }
  const command = table[resolved.id]
  if (command === undefined) return await runOclif(words, root)
  command.id = resolved.id
  const pjson: Interfaces.PJSON = JSON.parse(readTextFile(`${root}/package.json`))
  const running = new command([...resolved.rest], new LeanConfig(root, pjson, new ProcessHost(), table))
  await running.start()
  process.exitCode = running.exitCode
}

/** Whoever types does not want to read what goes wrong here. */
async function completeWords(argv: readonly string[], root: string, ids: ReadonlySet<string>): Promise<void> {
  try {
    const { answerCompletion } = await import('./completion/answer.ts')
    await answerCompletion(argv, { root, ids, write: (text) => process.stdout.write(text) })
  } catch (error) {
    if (process.env.KCLI_COMPLETE_DEBUG) throw error
  }
}

/**
 * `kcli` on a terminal, `kcli < script`, `kcli -c '…'`, all of them with flags that say where, as in `kcli -P prod`. Where nothing
 * can come in, `kcli` alone shows its help.
 */
function startsShell(argv: readonly string[]): boolean {
  const [first] = argv
  if (first === '-c') return true
  if (first !== undefined && (!first.startsWith('-') || HELP.has(first))) return false
  // Words are values of flags, or there is a command among them.
  const isWord = (word: string, i: number) => !word.startsWith('-') && argv[i - 1]?.startsWith('-') !== true
  if (argv.some(isWord)) return false
  return process.stdin.isTTY === true || hasInput() || argv.includes('-c')
}

const HELP = new Set(['-h', '--help', '-v', '--version'])
const ROOT_HELP = new Set(['-h', '--help', 'help'])

async function showRootHelp(root: string): Promise<void> {
  const { rootHelp } = await import('./root-help.ts')
  const { version, oclif } = JSON.parse(readTextFile(`${root}/package.json`))
  const { commands } = JSON.parse(readTextFile(`${root}/oclif.manifest.json`))
  process.stdout.write(
    rootHelp({
      version,
      summaries: new Map(Object.keys(commands).map((id) => [id, commands[id].summary])),
      topics: new Map(Object.keys(oclif.topics).map((name) => [name, oclif.topics[name].description])),
    }),
  )
}

/** `kcli -b localhost:9092 topics list`: flags are the command's and stand behind it. */
function refuseFlagsFirst(words: readonly string[], ids: ReadonlySet<string>): void {
  const [first = ''] = words
  if (!first.startsWith('-') || HELP.has(first)) return
  for (let i = 1; i < words.length; i++) {
    const command = resolveCommand(canonicalWords(words.slice(i), ids), ids)
    if (command === undefined) continue
    const name = command.id.replaceAll(':', ' ')
    throw new UsageError(
      `${first} stands in front of the command`,
      `Write it behind: kcli ${name} ${first} …`,
    )
  }
  throw new UsageError(`there is no command '${first}'`, 'See what there is with: kcli help')
}

/** On a terminal oclif's plugin asks whether the nearest command was meant; elsewhere it is only said. */
function refuseUnknown(words: readonly string[], ids: ReadonlySet<string>): void {
  const unknown = unknownCommand(words, ids)
  if (unknown === undefined || process.stdin.isTTY) return
  const { typed, nearest } = unknown
  throw new UsageError(
    `there is no command '${typed}'`,
    nearest === undefined
      ? `See what there is with: kcli help${typed.includes(' ') ? ` ${typed.split(' ')[0]}` : ''}`
      : `Did you mean: kcli ${nearest}`,
  )
}

/** Help, completion and unknown commands: oclif with all its plugins. */
async function runOclif(words: string[], root: string): Promise<void> {
  const { run } = await import('@oclif/core/run')
  await run(words, { root })
}

function reportFailure(error: unknown, debug: boolean): number {
  if (error instanceof ClosedPipeError) return EXIT.done
  const code = exitCodeOf(error)
  if (code !== EXIT.done && !isSilent(error)) process.stderr.write(formatError(error, { debug }))
  return code
}

/** Oclif's own way of ending early (after help, say) is an exception with nothing to tell. */
function isSilent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIT'
}

function drain(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
