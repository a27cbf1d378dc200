import path from 'node:path'
import { startPipe } from '../../base/child-process.ts'
import { systemClock } from '../../base/clock.ts'
import {
  type ByteSink,
  type ClosableSink,
  ClosedPipeError,
  fileChunks,
  fileOutput,
  pipeOutput,
  standardOutput,
} from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import { EXIT, exitCodeOf, UsageError } from '../exit-codes.ts'
import { processPager } from '../host.ts'
import type { Pager } from '../output/pager.ts'
import { formatError } from '../report-error.ts'
import { BUILTINS, type Builtin, type BuiltinCall, plainWords } from './builtins.ts'
import type { CommandSet } from './command-set.ts'
import { parse, type Statement } from './parse.ts'
import { placeOf, withKcli } from './piped-commands.ts'
import { settingOf } from './settings.ts'
import { SharedTarget } from './shared-target.ts'
import { StatementHost, StatementInterruption, type StatementStreams } from './statement-host.ts'
import type { TreePath } from './tree.ts'

export interface SessionOptions {
  readonly flags: GlobalFlags
  readonly commands: CommandSet
  /** Somebody types the commands: what they read comes from the terminal too. */
  readonly isInteractive: boolean
  /** Lines for a command that reads what is typed. */
  readonly typedInput?: (signal: AbortSignal) => AsyncIterable<Buffer>
  readonly history?: () => readonly string[]
  /** For those that are kept from one session to the next. */
  readonly settings?: ReadonlyMap<string, string>
  readonly saveSettings?: (settings: ReadonlyMap<string, string>) => void
}

/** What a shell remembers from one command to the next, and how it runs one. */
export class Session {
  readonly options: SessionOptions
  readonly target: SharedTarget
  readonly settings: Map<string, string>
  readonly stdout: ByteSink = standardOutput()
  /** Where `ls` looks and `cd` starts from. */
  directory: TreePath = []
  lastExitCode: number = EXIT.done
  hasQuit = false
  /** Commands so far, without words that only the shell knows. */
  commandCount = 0
  /** How long somebody read what commands wrote. */
  readMs = 0
  private readonly kept: Map<string, string>
  private keepsSettings = true
  private lastError: unknown

  constructor(options: SessionOptions) {
    this.options = options
    this.target = new SharedTarget(options.flags)
    this.settings = new Map(options.settings)
    this.kept = new Map(options.settings)
  }

  get flags(): GlobalFlags {
    return this.options.flags
  }

  /**
   * Runs a script, or a line. Ends at the first command that fails, unless `set on-error resume`; gives the exit code of the
   * last command that ran.
   */
  async runText(text: string, { keepsSettings = true } = {}): Promise<number> {
    this.keepsSettings = keepsSettings
    const parsed = parse(text)
    if (parsed.kind === 'incomplete')
      return this.fail(
        new UsageError(
          'the last command is not complete',
          'A quote, a << or a \\ at the end of a line is still open.',
        ),
      )
    if (parsed.kind === 'wrong')
      return this.fail(new UsageError(parsed.message, 'Quote what is meant literally.'))
    for (const statement of parsed.statements) {
      if (this.hasQuit) break
      if (statement.onSuccess && this.lastExitCode !== EXIT.done) continue
      this.lastExitCode = await this.runStatement(statement)
      if (this.lastExitCode !== EXIT.done && this.stopsAtErrors) break
    }
    return this.lastExitCode
  }

  private get stopsAtErrors(): boolean {
    return !this.options.isInteractive && settingOf(this.settings, 'on-error') === 'stop'
  }

  private async runStatement(statement: Statement): Promise<number> {
    let redirected: Redirected | undefined
    let pager: Pager | undefined
    try {
      redirected = redirect(statement, this.flags)
      pager = redirected === undefined ? this.pager() : undefined
      const input = inputOf(statement)
      const streams: StatementStreams = {
        sink: redirected?.sink ?? this.stdout,
        input: input ?? this.options.typedInput,
        isTyped: input === undefined,
        pager,
      }
      const code = await this.runWords(statement.words, streams)
      const after = await redirected?.finish()
      return code === EXIT.done ? (after ?? code) : code
    } catch (error) {
      if (error instanceof ClosedPipeError) return (await redirected?.finish()) ?? EXIT.done
      // What came out before it failed is kept. Trouble with that would only hide why it failed.
      await redirected?.finish().catch(() => undefined)
      return this.fail(error)
    } finally {
      this.readMs += pager?.shownMs ?? 0
    }
  }

  /** One command without its redirections; builtins such as `time` and `watch` come back here. Throws what it throws. */
  async runWords(words: readonly string[], streams: StatementStreams): Promise<number> {
    const plain = plainWords(words)
    const [name = '', ...rest] = plain
    const builtin = BUILTINS.get(name)
    if (builtin !== undefined) {
      const code = await this.runBuiltin(builtin, { session: this, streams, words: rest })
      await streams.sink.flush()
      return code ?? EXIT.done
    }
    return await this.runCommand(plain, streams)
  }

  /** Those that run others leave Ctrl-C to them. */
  private async runBuiltin(builtin: Builtin, call: BuiltinCall): Promise<number | undefined> {
    if (builtin.runsOthers === true) return await builtin.run(call)
    const interruption = new StatementInterruption(0)
    try {
      return await interruption.guard(builtin.run(call))
    } finally {
      interruption.dispose()
    }
  }

  /** One of the commands that there are outside of the shell, too. */
  async runCommand(words: readonly string[], streams: StatementStreams): Promise<number> {
    this.commandCount++
    const host = new StatementHost(this, streams, this.target)
    try {
      const code = await this.options.commands.run(words, host, BUILTINS.keys())
      if (host.usesShared) this.target.isLost = false
      return code
    } catch (error) {
      if (host.usesShared) this.target.isLost = exitCodeOf(error) === EXIT.unreachable
      throw error
    }
  }

  /** For texts of the shell itself. */
  async writePaged(text: string, { sink, pager }: StatementStreams): Promise<void> {
    if (pager?.takes(text) === true) await pager.show()
    else await sink.write(text)
  }

  /** What is typed holds in later sessions, too. */
  changeSetting(name: string, value: string): void {
    this.settings.set(name, value)
    if (!this.keepsSettings) return
    this.kept.set(name, value)
    this.options.saveSettings?.(this.kept)
  }

  private pager(): Pager | undefined {
    const isWanted = this.options.isInteractive && settingOf(this.settings, 'pager') === 'on'
    return isWanted ? processPager(this.flags) : undefined
  }

  /** Tells what went wrong; the session goes on. */
  fail(error: unknown): number {
    this.lastError = error
    process.stderr.write(formatError(error, { debug: this.settings.get('debug') === 'on' }))
    this.lastExitCode = exitCodeOf(error) || EXIT.failed
    return this.lastExitCode
  }

  /** With its stack and causes, for who wants to know more. */
  describeLastError(): string {
    return this.lastError === undefined
      ? 'Nothing has failed.\n'
      : formatError(this.lastError, { debug: true })
  }

  async close(): Promise<void> {
    await this.target.close()
  }

  get clock() {
    return systemClock
  }
}

interface Redirected {
  readonly sink: ClosableSink
  /** When all is written; the exit code of what it was piped into. */
  finish(): Promise<number>
}

function redirect({ output, pipe }: Statement, flags: GlobalFlags): Redirected | undefined {
  if (output !== undefined) {
    const sink = fileOutput(path.resolve(output.path), output.append)
    return { sink, finish: () => sink.close().then(() => EXIT.done) }
  }
  if (pipe === undefined) return undefined
  const child = startPipe(withKcli(pipe), { ...process.env, ...placeOf(flags) })
  const sink = pipeOutput(child.stdin)
  return {
    sink,
    finish: async () => {
      await sink.close().catch((error: unknown) => {
        if (!(error instanceof ClosedPipeError)) throw error
      })
      return await child.exitCode
    },
  }
}

function inputOf({ input }: Statement): StatementStreams['input'] {
  if (input === undefined) return undefined
  if (input.kind === 'file') return (signal) => fileChunks(path.resolve(input.path), signal)
  return async function* () {
    yield Buffer.from(input.text)
  }
}
