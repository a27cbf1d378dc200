import {
  type ByteSink,
  fileChunks,
  inputSizeBytes,
  standardInputChunks,
} from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import type { Host } from '../host.ts'
import { type Interruption, ProcessInterruption } from '../interruption.ts'
import type { Pager } from '../output/pager.ts'
import type { OpenOptions, Target } from '../target.ts'
import { detectTerminal, processSurroundings, type Terminal } from '../terminal.ts'
import type { SharedTarget } from './shared-target.ts'

/** What holds for every command of a session where it says nothing itself. */
export interface SessionDefaults {
  readonly flags: GlobalFlags
  /** Of `set`. */
  readonly settings: ReadonlyMap<string, string>
}

export interface StatementStreams {
  readonly sink: ByteSink
  /** Undefined: what is typed, or the rest of the script is not for commands. */
  readonly input?: ((signal: AbortSignal) => AsyncIterable<Buffer>) | undefined
  /** The input is what somebody types at this terminal, who can be asked, too. */
  readonly isTyped?: boolean
  /** For what is taller than the terminal. */
  readonly pager?: Pager | undefined
}

/** Lends the shell's target, terminal and streams to one command. */
export class StatementHost implements Host {
  readonly sink: ByteSink
  /** The command asked the target that the session keeps open. */
  usesShared = false
  private readonly session: SessionDefaults
  private readonly streams: StatementStreams
  private readonly shared: SharedTarget

  constructor(session: SessionDefaults, streams: StatementStreams, shared: SharedTarget) {
    this.session = session
    this.streams = streams
    this.sink = streams.sink
    this.shared = shared
  }

  note(text: string): void {
    process.stderr.write(text)
  }

  input(signal: AbortSignal, path?: string): AsyncIterable<Buffer> {
    if (path !== undefined) return fileChunks(path, signal)
    return this.streams.input?.(signal) ?? standardInputChunks(signal)
  }

  inputSizeBytes(path?: string): number | undefined {
    const isFile = path !== undefined || this.streams.input === undefined
    return isFile ? inputSizeBytes(path) : undefined
  }

  terminal(options: { readonly color: boolean }): Terminal {
    const around = processSurroundings()
    const { sink, streams } = this
    return detectTerminal(
      {
        ...around,
        stdoutIsTty: sink.isTerminal,
        stdinIsTty: around.stdinIsTty && (streams.input === undefined || streams.isTyped === true),
        columns: sink.isTerminal ? around.columns : undefined,
      },
      options,
    )
  }

  flags(given: GlobalFlags): GlobalFlags {
    const { flags, settings } = this.session
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const output = settings.get('output')
    const timeout = settings.get('timeout')
    const expanded = settings.get('expanded') as 'off' | 'on' | 'auto' | undefined
    const places = ['bootstrap-server', 'data-dir', 'profile'] as const
    // A place that a command names replaces the session's, of whichever kind it is.
    const isElsewhere = places.some((name) => said[name] !== undefined)
    const { 'bootstrap-server': _, 'data-dir': __, ...others } = flags
    const kept = isElsewhere ? others : flags
    return {
      ...kept,
      ...(output !== undefined && given.json !== true && { output }),
      ...(timeout !== undefined && { timeout: Number(timeout) }),
      ...(expanded !== undefined && expanded !== 'off' && { expanded }),
      ...said,
      // These are on where nothing is said.
      color: given.color !== false && settings.get('color') !== 'off',
      debug: given.debug === true || settings.get('debug') === 'on',
    }
  }

  async openTarget(flags: GlobalFlags, options: OpenOptions): Promise<Target> {
    const target = await this.shared.open(flags, options)
    this.usesShared = target === this.shared.current
    return target
  }

  closeTarget(target: Target): Promise<void> {
    return this.shared.release(target)
  }

  giveUpTarget(): Promise<void> {
    return this.shared.close()
  }

  pager(flags: GlobalFlags): Pager | undefined {
    return flags.pager === false ? undefined : this.streams.pager
  }

  interrupt(graceMs: number): Interruption {
    return new StatementInterruption(graceMs)
  }
}

/** The second Ctrl-C leaves the command behind, not the shell. */
export class StatementInterruption extends ProcessInterruption {
  protected override again(): void {
    this.abandon()
  }
}
