import type { NetworkClient, Watcher } from '../../zookeeper/index.ts'
import type { Effect } from '../profiles/guard.ts'
import type { TextFiles } from '../text-files.ts'
import type { OptionSpec, ZkArguments } from './arguments.ts'

/** One command of the znode browser, as in zkCli (org.apache.zookeeper.cli.CliCommand) or one of ours. */
export interface ZkCommand {
  readonly name: string
  /** For profiles that refuse changes, or ask before something is destroyed. */
  readonly effect: Effect
  /** What may follow the name, as zkCli writes it. */
  readonly usage: string
  readonly summary: string
  readonly options?: Readonly<Record<string, OptionSpec>>
  /** Arguments that are needed. With fewer the usage is shown. Default 0. */
  readonly minArguments?: number
  /** zkCli has it too. */
  readonly isZkCli: boolean
  run(session: ZkSession, args: ZkArguments): Promise<void>
}

/** What commands work with: a connection that may be closed and opened again, and two streams of text. */
export interface ZkSession {
  /** Connects on first use. */
  client(): Promise<NetworkClient>
  /** Data, on stdout. */
  out(text: string): void
  /** Remarks, on stderr. */
  note(text: string): void
  /** With -o json: one document instead of the text. */
  result(value: unknown, text: () => string): void
  /** Shows what happens to a node, as zkCli's own watcher does. */
  readonly watcher: Watcher
  printsWatches: boolean
  /** Of earlier commands of this shell, the last ones; none for a single command. */
  readonly history: readonly string[]
  /** To another server, or the same again. */
  reconnect(servers: string | undefined): Promise<void>
  disconnect(): Promise<void>
  /** Runs a line of the history again. */
  redo(number: number): Promise<void>
  quit(): void
  /** Where `export` and `import` have their files, and what `-` means. */
  readonly files: TextFiles
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}
