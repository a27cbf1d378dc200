import path from 'node:path'
import { JavaException } from '../../base/java-exception.ts'
import type { CommandContext } from '../context.ts'
import type { JavaStreams } from '../jopt/java-main.ts'
import { formatError } from '../report-error.ts'
import { stateDirectory } from '../state-directory.ts'
import { splitLine } from '../zk/arguments.ts'
import { isContinuable } from '../zk/errors.ts'
import { remotePlace, ZK_EXIT, ZkBrowser } from '../zk/session.ts'
import { ZK_COMMANDS, zkCliUsage } from '../zk/table.ts'
import { illegalArgument, javaInt } from './java-lang.ts'
import { runProgram } from './java-program.ts'
import { type Script, scriptUsage } from './servers/script.ts'

const TLS_FLAG = '-zk-tls-config-file'
const SESSION_TIMEOUT_MS = 30_000
/** Kafka's gives up after the first attempt; loops in scripts that wait for a ZooKeeper count on that. */
const CONNECT_TIMEOUT_MS = 3_000
const CONNECTED = '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n'
const CLOSED = '\nWATCHER::\n\nWatchedEvent state:Closed type:None path:null\n'

/**
 * Kafka's zookeeper-shell (bin/zookeeper-shell.sh, org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka): one command, or
 * the lines of standard input, of which none ends the others. On a terminal it is the shell of `kcli zk`. Gives zkCli's exit
 * codes 0, 1 and 127, those of the last command.
 */
export async function zookeeperShell(
  context: CommandContext,
  words: readonly string[],
  script: Script,
): Promise<number | undefined> {
  let line: CommandLine | undefined
  const code = await runProgram(context, async (streams) => {
    line = commandLine(words, script, streams)
  })
  if (line === undefined) return code
  return new ShellRun(context, line).run()
}

interface CommandLine {
  readonly server: string
  readonly timeoutMs: number
  readonly command: readonly string[]
}

/** The script puts `-server` before everything; what follows is as ZooKeeperMain.MyCommandOptions reads it. */
function commandLine(words: readonly string[], script: Script, { err }: JavaStreams): CommandLine {
  if (words.length === 0) {
    throw scriptUsage(script, 'zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]')
  }
  if (words.includes(TLS_FLAG)) {
    if (words.at(-1) === TLS_FLAG)
      throw illegalArgument(`Error: no filename provided with option ${TLS_FLAG}`)
    throw new JavaException(
      'java.lang.UnsupportedOperationException',
      'TLS to ZooKeeper is not supported yet',
    )
  }
  let server = ''
  let timeoutMs = SESSION_TIMEOUT_MS
  const left = ['-server', ...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (!word.startsWith('-')) return { server, timeoutMs, command: [word, ...left] }
    if (!['-server', '-timeout', '-client-configuration'].includes(word)) continue
    const value = left.shift()
    if (value === undefined) err(`Error: no argument found for option ${word}\n`)
    else if (word === '-server') server = value
    else if (word === '-timeout') timeoutMs = javaInt(value)
  }
  return { server, timeoutMs, command: [] }
}

class ShellRun {
  private readonly context: CommandContext
  private readonly line: CommandLine
  private readonly browser: ZkBrowser
  private hasQuit = false
  private isAnnounced = false

  constructor(context: CommandContext, line: CommandLine) {
    this.context = context
    this.line = line
    this.browser = new ZkBrowser(context, {
      place: remotePlace(line.server),
      auth: [],
      sessionTimeoutMs: line.timeoutMs,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, line.timeoutMs),
      isShell: line.command.length === 0,
    })
  }

  async run(): Promise<number | undefined> {
    const { context, browser, line } = this
    await context.out.write(`Connecting to ${line.server}\n`)
    try {
      const code = line.command.length > 0 ? await this.runCommand(line.command) : await this.runLines()
      return context.signal.aborted ? undefined : code
    } finally {
      await browser.disconnect()
    }
  }

  private async runLines(): Promise<number> {
    const { context, browser } = this
    await context.out.write('Welcome to ZooKeeper!\n')
    if (context.terminal.stdinIsTty && context.out.sink.isTerminal) {
      await context.out.write('JLine support is enabled\n')
      const { runZkShell } = await import('../zk/shell.ts')
      const historyFile = path.join(stateDirectory(process.env), 'zk_history')
      return runZkShell({ browser, isTerminal: true, historyFile, report: (error) => this.report(error) })
    }
    await context.out.write('JLine support is disabled\n')
    browser.onQuit = () => {
      this.hasQuit = true
      if (this.isAnnounced && browser.printsWatches) browser.out(CLOSED)
    }
    let code: number = ZK_EXIT.done
    for await (const text of linesOf(context.input())) {
      const argv = splitLine(text)
      if (argv.length > 0) {
        browser.history.push(text)
        code = await this.runCommand(argv)
      }
      if (this.hasQuit) break
    }
    return code
  }

  private async runCommand(argv: readonly string[]): Promise<number> {
    const { browser } = this
    const [name = ''] = argv
    if (!ZK_COMMANDS.some((command) => command.name === name)) {
      browser.note(`${usageText()}Command not found: Command not found ${name}`)
      return ZK_EXIT.unknownCommand
    }
    try {
      await this.announce(name)
      return await browser.run(argv)
    } catch (error) {
      if (!isContinuable(error)) throw error
      this.report(error)
      return ZK_EXIT.failed
    }
  }

  /** Says that it is connected, before the first command that needs it. */
  private async announce(name: string): Promise<void> {
    if (this.isAnnounced || name === 'printwatches' || name === 'quit') return
    await this.browser.client()
    this.isAnnounced = true
    if (this.browser.printsWatches) this.browser.out(CONNECTED)
  }

  private report(error: unknown): void {
    this.context.out.note(formatError(error, { debug: false }).trimEnd())
  }
}

/** Kafka's class says it in its own way. */
function usageText(): string {
  return zkCliUsage().replace(/^.*\n/, 'ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args\n')
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
