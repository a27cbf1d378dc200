import {
  type ByteSink,
  fileChunks,
  inputSizeBytes,
  standardInputChunks,
  standardOutput,
} from '../base/standard-streams.ts'
import type { GlobalFlags } from './base-command.ts'
import { type Interruption, ProcessInterruption } from './interruption.ts'
import { type Pager, pagerCommand, terminalPager } from './output/pager.ts'
import { type OpenOptions, openTarget, type Target } from './target.ts'
import { detectTerminal, processSurroundings, type Terminal } from './terminal.ts'

/** Who runs a command and lends it input, output and target: the process for one command, a shell for many. */
export interface Host {
  /** Where data goes. */
  readonly sink: ByteSink
  /** Where everything else goes. */
  note(text: string): void
  /** A file, or what stands in for standard input. Ends when `signal` is aborted. */
  input(signal: AbortSignal, path?: string): AsyncIterable<Buffer>
  /** Of the same; undefined where nobody knows. */
  inputSizeBytes(path?: string): number | undefined
  terminal(options: { readonly color: boolean }): Terminal
  /** A command's own flags, with what holds where nothing was said. */
  flags(given: GlobalFlags): GlobalFlags
  openTarget(flags: GlobalFlags, options: OpenOptions): Promise<Target>
  /** The command needs it no more. */
  closeTarget(target: Target): Promise<void>
  /** A server comes that may want what the host itself holds. */
  giveUpTarget(): Promise<void>
  /** For texts that are taller than the terminal; undefined where they go as they are. */
  pager(flags: GlobalFlags): Pager | undefined
  /** For one command. */
  interrupt(graceMs: number): Interruption
}

/** One command, one process. */
export class ProcessHost implements Host {
  readonly sink = standardOutput()

  note(text: string): void {
    process.stderr.write(text)
  }

  input(signal: AbortSignal, path?: string): AsyncIterable<Buffer> {
    return path === undefined ? standardInputChunks(signal) : fileChunks(path, signal)
  }

  inputSizeBytes(path?: string): number | undefined {
    return inputSizeBytes(path)
  }

  terminal(options: { readonly color: boolean }): Terminal {
    return detectTerminal(processSurroundings(), options)
  }

  flags(given: GlobalFlags): GlobalFlags {
    return given
  }

  openTarget(flags: GlobalFlags, options: OpenOptions): Promise<Target> {
    return openTarget(flags, options)
  }

  closeTarget(target: Target): Promise<void> {
    return target.close()
  }

  async giveUpTarget(): Promise<void> {
    // Nothing is held between commands.
  }

  pager(flags: GlobalFlags): Pager | undefined {
    return processPager(flags)
  }

  interrupt(graceMs: number): Interruption {
    return new ProcessInterruption(graceMs)
  }
}

/** Where somebody sits at both ends of the terminal. */
export function processPager(flags: GlobalFlags): Pager | undefined {
  const { stdinIsTty, stdoutIsTty } = processSurroundings()
  if (!stdinIsTty || !stdoutIsTty || flags.pager === false || process.env.TERM === 'dumb' || process.env.CI)
    return undefined
  const command = pagerCommand(process.env, process.platform)
  return command === undefined ? undefined : terminalPager(command)
}
