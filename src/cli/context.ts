import type { Config } from '@oclif/core/config'
import { type Clock, systemClock } from '../base/clock.ts'
import { ConfigError } from '../base/config-def.ts'
import { KcliError } from '../base/errors.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import { type Prompts, TerminalPrompts } from './ask/prompts.ts'
import type { GlobalFlags } from './base-command.ts'
import { EXIT, InterruptedError } from './exit-codes.ts'
import type { Host } from './host.ts'
import { OUTPUT_FORMATS, type OutputFormat } from './output/format.ts'
import { Output } from './output/output.ts'
import { type Progress, startProgress, WaitingLine } from './output/progress.ts'
import { RecoveryDisplay } from './output/recovery.ts'
import { withProfile } from './profiles/active.ts'
import type { Action } from './profiles/guard.ts'
import { profileContext } from './profiles/profile-context.ts'
import { type Target, targetName } from './target.ts'
import type { Terminal } from './terminal.ts'

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
  /** Standard input, or a file, in chunks as they come. Ends early, without an error, when the command is to end. */
  input(path?: string): AsyncIterable<Buffer>
  /** Of standard input, or a file; undefined where nobody knows. */
  inputSizeBytes(path?: string): number | undefined
  /** Questions on the terminal; only where `terminal.canPrompt`. */
  readonly prompts: Prompts
  /** Resolves when the user agrees; a usage error naming `flag` when nobody can be asked. */
  confirm(question: string, flag: string): Promise<void>
  /** Resolves when the profile in use allows it: for commands that find out late what they are to do. */
  allow(action: Pick<Action, 'effect' | 'name'> & Partial<Action>): Promise<void>
  /** What -X, --command-config and the profile say of producers or consumers alone. */
  properties(kind: 'producer' | 'consumer'): Promise<Readonly<Record<string, string>>>
  /** A line that shows when the work takes long; nothing where nothing can move. */
  progress(text: () => string): Progress
  /** Something cannot be told: that is said, once, and the command ends with 1. */
  leaveOut(text: string): void
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
  /** What the work does, for the profile in use. */
  readonly action?: Action
  /** The command is about profiles, and works where the one in use does not. */
  readonly ignoresProfile?: boolean
}

/**
 * Runs `work` in a fresh context and gives the exit code. Everything it opened is closed afterwards, also on failure.
 * After Ctrl-C it may go on for `graceMs`, to finish what was accepted; a second Ctrl-C ends the process at once.
 */
export async function runInContext(
  host: Host,
  given: GlobalFlags,
  config: Pick<Config, 'version'>,
  work: (context: CommandContext) => Promise<number | undefined>,
  options: RunOptions = {},
): Promise<number> {
  const said = host.flags(given)
  const flags = options.ignoresProfile === true ? said : await withProfile(said, process.env)
  const terminal = host.terminal({ color: flags.color !== false })
  const canAnimate = terminal.canAnimate && flags.progress !== false
  const interruption = host.interrupt(options.graceMs ?? 0)
  if (options.isServer === true) await host.giveUpTarget()
  let opened: Promise<Target> | undefined
  const waiting = new WaitingLine(() =>
    context.progress(() => recovery.text ?? `Waiting for ${targetName(flags)}`),
  )
  // What is asked may be about what was shown.
  const showAndAsk = <T>(ask: () => Promise<T>) => context.out.finish().then(() => waiting.giveWayTo(ask))
  const prompts = new TerminalPrompts(interruption.signal, showAndAsk)
  const context: CommandContext = {
    out: outputOf(host, flags, terminal, () => waiting.stop(), options.isStream !== true),
    terminal,
    clock: systemClock,
    signal: interruption.signal,
    timeoutMs: flags.timeout ?? DEFAULT_TIMEOUT_MS,
    version: config.version,
    flags,
    target() {
      opened ??= host.openTarget(flags, {
        timeoutMs: this.timeoutMs,
        patienceMs: flags.timeout,
        version: config.version,
        signal: interruption.signal,
        warn: (text) => this.out.warn(text),
        onRecovery: (progress) => this.onRecovery(progress),
      })
      return opened
    },
    input: (path) => host.input(interruption.signal, path),
    inputSizeBytes: (path) => host.inputSizeBytes(path),
    prompts,
    ...profileContext(flags, terminal, prompts),
    progress: (text) => startProgress({ clock: systemClock, canAnimate, text }),
    leaveOut(text) {
      if (!leftOut.has(text)) this.out.warn(text)
      leftOut.add(text)
    },
    onRecovery: (progress) => recovery.update(progress),
  }
  const leftOut = new Set<string>()
  const recovery = recoveryDisplay(context, options)
  if (options.isStream !== true) waiting.start()
  try {
    if (options.action !== undefined) await context.allow(options.action)
    const code = await interruption.guard(workOf(work, context, () => opened))
    await host.sink.flush()
    const isIncomplete = leftOut.size > 0 || ((await opened)?.offline?.failures ?? 0) > 0
    const result = code ?? interruption.exitCode ?? EXIT.done
    return result === EXIT.done && isIncomplete ? EXIT.failed : result
  } catch (error) {
    throw interruption.exitCode === undefined ? error : new InterruptedError(interruption.exitCode)
  } finally {
    waiting.stop()
    recovery.stop()
    await closeQuietly(host, opened)
    interruption.dispose()
    await context.out.finish()
  }
}

function recoveryDisplay({ terminal, progress, out }: CommandContext, options: RunOptions): RecoveryDisplay {
  return new RecoveryDisplay({
    clock: systemClock,
    progress: options.isStream === true ? progress : undefined,
    note: options.isServer === true && !terminal.canAnimate ? (line) => out.note(line) : undefined,
  })
}

/** A name that does not exist is compared with those that do: the target that was asked is still there. */
async function workOf(
  work: (context: CommandContext) => Promise<number | undefined>,
  context: CommandContext,
  opened: () => Promise<Target> | undefined,
): Promise<number | undefined> {
  try {
    return await work(context)
  } catch (error) {
    const target = await opened()?.catch(() => undefined)
    if (error instanceof ConfigError) {
      const { withSource } = await import('./profiles/client-properties.ts')
      throw withSource(error, context.flags)
    }
    if (target === undefined || context.signal.aborted || !(error instanceof KcliError)) throw error
    const { explained } = await import('./mistakes/known-names.ts')
    throw await explained(error, target)
  }
}

function outputOf(
  host: Host,
  flags: GlobalFlags,
  { color, columns }: Terminal,
  onWrite: () => void,
  isPaged: boolean,
): Output {
  return new Output({
    format: outputFormat(flags),
    headers: flags.headers !== false,
    color,
    sink: host.sink,
    note: (text) => host.note(text),
    onWrite,
    pager: isPaged ? host.pager(flags) : undefined,
    expandedFrom: flags.expanded === 'auto' ? columns : flags.expanded && 0,
  })
}

/** Closing comes after the work is done or has failed; its own failure would only hide that. */
async function closeQuietly(host: Host, opened: Promise<Target> | undefined): Promise<void> {
  try {
    const target = await opened
    if (target !== undefined) await host.closeTarget(target)
  } catch {
    // The error that matters has been thrown already, by the work.
  }
}
