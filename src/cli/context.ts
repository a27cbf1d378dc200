import type { Config } from '@oclif/core/config'
import { type Clock, systemClock } from '../base/clock.ts'
import { standardOutput } from '../base/standard-streams.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import type { GlobalFlags } from './base-command.ts'
import { EXIT, InterruptedError } from './exit-codes.ts'
import { OUTPUT_FORMATS, type OutputFormat } from './output/format.ts'
import { Output } from './output/output.ts'
import { type Progress, startProgress } from './output/progress.ts'
import { RecoveryDisplay } from './output/recovery.ts'
import { openTarget, type Target, targetName } from './target.ts'
import { confirm, detectTerminal, processSurroundings, type Terminal } from './terminal.ts'

const DEFAULT_TIMEOUT_MS = 30_000

/** What a service gets: where to write, what it works on, and when to stop. It knows nothing of oclif. */
export interface CommandContext {
  readonly out: Output
  readonly terminal: Terminal
  readonly clock: Clock
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. What was accepted so far is finished, then the command ends. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly version: string
  readonly flags: GlobalFlags
  /** Opened on first use and closed when the command ends. */
  target(): Promise<Target>
  /** Resolves when the user agrees; a usage error naming `flag` when nobody can be asked. */
  confirm(question: string, flag: string): Promise<void>
  /** A line that shows when the work takes long; nothing where nothing can move. */
  progress(text: () => string): Progress
  /** Shows how far the logs of the local cluster are, which has to recover them. */
  onRecovery(progress: RecoveryProgress): void
}

export function outputFormat(flags: GlobalFlags): OutputFormat {
  if (flags.json === true) return 'json'
  return OUTPUT_FORMATS.find((format) => format === flags.output) ?? 'table'
}

export interface RunOptions {
  /** How long the work may go on after Ctrl-C; not at all by default. */
  readonly graceMs?: number
  /** The command has its input or output to show that it works; others show that they wait. */
  readonly isStream?: boolean
  /** Where no line can move, it says in lines what it is doing. */
  readonly isServer?: boolean
}

/**
 * Runs `work` in a fresh context and gives the exit code. Everything it opened is closed afterwards, also on failure.
 * After Ctrl-C it may go on for `graceMs`, to finish what was accepted; a second Ctrl-C ends the process at once.
 */
export async function runInContext(
  flags: GlobalFlags,
  config: Pick<Config, 'version'>,
  work: (context: CommandContext) => Promise<number | undefined>,
  options: RunOptions = {},
): Promise<number> {
  const terminal = detectTerminal(processSurroundings(), { color: flags.color !== false })
  const sink = standardOutput()
  const interruption = new Interruption(options.graceMs ?? 0)
  let opened: Promise<Target> | undefined
  let waiting: Progress | undefined
  const context: CommandContext = {
    out: new Output({
      format: outputFormat(flags),
      headers: flags.headers !== false,
      color: terminal.color,
      sink,
      note: (text) => process.stderr.write(text),
      onWrite: () => waiting?.stop(),
    }),
    terminal,
    clock: systemClock,
    signal: interruption.signal,
    timeoutMs: flags.timeout ?? DEFAULT_TIMEOUT_MS,
    version: config.version,
    flags,
    target() {
      opened ??= openTarget(flags, {
        timeoutMs: this.timeoutMs,
        patienceMs: flags.timeout,
        version: config.version,
        signal: interruption.signal,
        warn: (text) => this.out.warn(text),
        onRecovery: (progress) => this.onRecovery(progress),
      })
      return opened
    },
    confirm(question, flag) {
      waiting?.stop()
      return confirm(terminal, question, flag)
    },
    progress: (text) => startProgress({ clock: systemClock, canAnimate: terminal.canAnimate, text }),
    onRecovery: (progress) => recovery.update(progress),
  }
  const recovery = new RecoveryDisplay({
    clock: systemClock,
    progress: options.isStream === true ? context.progress : undefined,
    note: options.isServer === true && !terminal.canAnimate ? (line) => context.out.note(line) : undefined,
  })
  if (options.isStream !== true) {
    waiting = context.progress(() => recovery.text ?? `Waiting for ${targetName(flags)}`)
  }
  try {
    const code = await interruption.guard(work(context))
    await sink.flush()
    const isIncomplete = ((await opened)?.offline?.failures ?? 0) > 0
    const result = code ?? interruption.exitCode ?? EXIT.done
    return result === EXIT.done && isIncomplete ? EXIT.failed : result
  } catch (error) {
    throw interruption.exitCode === undefined ? error : new InterruptedError(interruption.exitCode)
  } finally {
    waiting?.stop()
    recovery.stop()
    await closeQuietly(opened)
    interruption.dispose()
  }
}

/** Closing comes after the work is done or has failed; its own failure would only hide that. */
async function closeQuietly(opened: Promise<Target> | undefined): Promise<void> {
  try {
    await (await opened)?.close()
  } catch {
    // The error that matters has been thrown already, by the work.
  }
}

/** Signals, as one abort signal with an exit code. */
class Interruption {
  private readonly controller = new AbortController()
  private readonly onSignal = (name: NodeJS.Signals) => this.interrupt(name)
  private readonly graceMs: number
  exitCode: number | undefined

  constructor(graceMs: number) {
    this.graceMs = graceMs
    process.on('SIGINT', this.onSignal)
    process.on('SIGTERM', this.onSignal)
    process.on('SIGHUP', this.onSignal)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** The work, or an {@link InterruptedError} when it does not end within the grace period after a signal. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject)
      this.signal.addEventListener('abort', () => {
        systemClock.setTimer(this.graceMs, () => reject(new InterruptedError(this.exitCode)), { unref: true })
      })
    })
  }

  dispose(): void {
    process.off('SIGINT', this.onSignal)
    process.off('SIGTERM', this.onSignal)
    process.off('SIGHUP', this.onSignal)
  }

  private interrupt(name: NodeJS.Signals): void {
    const exitCode = name === 'SIGINT' ? EXIT.interrupted : name === 'SIGTERM' ? EXIT.terminated : EXIT.hungUp
    if (this.exitCode !== undefined) process.exit(exitCode)
    this.exitCode = exitCode
    this.controller.abort(new InterruptedError(exitCode))
  }
}
