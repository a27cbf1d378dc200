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
import { formatError } from '../report-error.ts'
import { BUILTINS } from './builtins.ts'
import type { CommandSet } from './command-set.ts'
import { parse, type Statement } from './parse.ts'
import { SharedTarget } from './shared-target.ts'
import { StatementHost, type StatementStreams } from './statement-host.ts'
import type { TreePath } from './tree.ts'

export interface SessionOptions {
  readonly flags: GlobalFlags
  readonly commands: CommandSet
  /** Somebody types the commands: what they read comes from the terminal too. */
  readonly isInteractive: boolean
  /** Lines for a command that reads what is typed. */
  readonly typedInput?: (signal: AbortSignal) => AsyncIterable<Buffer>
  readonly history?: () => readonly string[]
}

/** What a shell remembers from one command to the next, and how it runs one. */
export class Session {
  readonly options: SessionOptions
  readonly target: SharedTarget
  readonly settings = new Map<string, string>()
  readonly stdout: ByteSink = standardOutput()
  /** Where `ls` looks and `cd` starts from. */
  directory: TreePath = []
  lastExitCode: number = EXIT.done
  hasQuit = false
  private lastError: unknown

  constructor(options: SessionOptions) {
    this.options = options
    this.target = new SharedTarget(options.flags)
  }

  get flags(): GlobalFlags {
    return this.options.flags
  }

  /**
   * Runs a script, or a line. Ends at the first command that fails, unless `set on-error continue`; gives the exit code of the
   * last command that ran.
   */
  async runText(text: string): Promise<number> {
    const parsed = parse(text)
    if (parsed.kind === 'incomplete') return this.fail(new UsageError('the last command is not complete'))
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
    return !this.options.isInteractive && this.settings.get('on-error') !== 'continue'
  }

  private async runStatement(statement: Statement): Promise<number> {
    let redirected: Redirected | undefined
    try {
      redirected = redirect(statement)
      const input = inputOf(statement)
      const streams: StatementStreams = {
        sink: redirected?.sink ?? this.stdout,
        input: input ?? this.options.typedInput,
        isTyped: input === undefined,
      }
      const code = await this.runWords(statement.words, streams)
      const after = await redirected?.finish()
      return code === EXIT.done ? (after ?? code) : code
    } catch (error) {
      if (!(error instanceof ClosedPipeError)) return this.fail(error)
      return (await redirected?.finish()) ?? EXIT.done
    }
  }

  /** One command without its redirections; builtins such as `time` and `watch` come back here. Throws what it throws. */
  async runWords(words: readonly string[], streams: StatementStreams): Promise<number> {
    // People paste what the documentation says.
    const plain = words[0] === 'kcli' ? words.slice(1) : words
    const [name = '', ...rest] = plain
    const builtin = BUILTINS.get(name)
    if (builtin !== undefined) {
      const code = await builtin.run({ session: this, streams, words: rest })
      await streams.sink.flush()
      return code ?? EXIT.done
    }
    return await this.runCommand(plain, streams)
  }

  /** One of the commands that there are outside of the shell, too. */
  runCommand(words: readonly string[], streams: StatementStreams): Promise<number> {
    return this.options.commands.run(words, new StatementHost(this, streams, this.target))
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

function redirect({ output, pipe }: Statement): Redirected | undefined {
  if (output !== undefined) {
    const sink = fileOutput(path.resolve(output.path), output.append)
    return { sink, finish: () => sink.close().then(() => EXIT.done) }
  }
  if (pipe === undefined) return undefined
  const child = startPipe(pipe)
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
