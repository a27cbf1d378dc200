import { systemClock } from '../../base/clock.ts'
import { KcliError, messageOf } from '../../base/errors.ts'
import { silentLogger } from '../../base/logger.ts'
import { type Address, formatAddress } from '../../base/network.ts'
import { createNodeNetwork } from '../../base/node-network.ts'
import { systemRandom } from '../../base/random.ts'
import {
  connectZooKeeper,
  isZooKeeperError,
  type NetworkClient,
  type NetworkClientOptions,
  parseConnectString,
  type SessionState,
  type WatchEvent,
} from '../../zookeeper/index.ts'
import type { CommandContext } from '../context.ts'
import { type TextFiles, textFiles } from '../text-files.ts'
import type { ZkSession } from './command.ts'
import { UnknownCommandError, ZkUsageError, zkErrorText } from './errors.ts'
import { effectOf, runZkCommand, unknownCommandText, zkCliUsage } from './table.ts'

/** Where the znodes are. */
export interface ZkPlace {
  /** For the prompt and for messages. */
  readonly name: string
  readonly options: Pick<NetworkClientOptions, 'network' | 'servers'> & { readonly chroot?: string }
}

export interface ZkBrowserOptions {
  readonly place: ZkPlace
  /** `scheme:auth`, shown to the server from the start. */
  readonly auth: readonly { readonly scheme: string; readonly auth: string }[]
  readonly sessionTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Somebody types the commands one after the other: questions would come between. */
  readonly isShell?: boolean
}

export const ZK_EXIT = { done: 0, failed: 1, unknownCommand: 127 } as const

/** What `--server` names. */
export function remotePlace(text: string): ZkPlace {
  const { servers, chroot } = parseConnectString(text)
  return { name: text, options: { network: createNodeNetwork(systemClock), servers, chroot } }
}

/** A connection to browse with: kept while it is good, opened when it is needed. */
export class ZkBrowser implements ZkSession {
  printsWatches = true
  readonly files: TextFiles
  readonly signal: AbortSignal
  history: string[] = []
  state: 'CONNECTING' | 'CONNECTED' | 'CLOSED' = 'CONNECTING'
  /** Set by the shell, which must make room for what comes while somebody types. */
  onEvent: (text: string) => void
  onState: () => void = () => undefined
  onQuit: () => void = () => undefined
  private place: ZkPlace
  private readonly context: CommandContext
  private readonly options: ZkBrowserOptions
  private opening: Promise<NetworkClient> | undefined
  private output: Promise<void> = Promise.resolve()

  constructor(context: CommandContext, options: ZkBrowserOptions) {
    this.context = context
    this.options = options
    this.place = options.place
    this.signal = context.signal
    this.files = textFiles(context)
    this.onEvent = (text) => this.out(text)
  }

  get placeName(): string {
    return this.place.name
  }

  readonly watcher = ({ type, path }: WatchEvent): void => {
    if (this.printsWatches)
      this.onEvent(`\nWATCHER::\n\nWatchedEvent state:SyncConnected type:${type} path:${path}\n`)
  }

  client(): Promise<NetworkClient> {
    this.opening ??= this.connect()
    return this.opening
  }

  out(text: string): void {
    this.output = this.output.then(() => this.context.out.write(text))
  }

  note(text: string): void {
    this.context.out.note(text)
  }

  result(value: unknown, text: () => string): void {
    this.output = this.output.then(() => this.context.out.object(value, text))
  }

  async reconnect(servers: string | undefined): Promise<void> {
    const place = servers === undefined ? this.place : remotePlace(servers)
    await this.disconnect()
    this.place = place
    this.state = 'CONNECTING'
    await this.client()
  }

  async disconnect(): Promise<void> {
    const client = await this.opening?.catch(() => undefined)
    this.opening = undefined
    this.state = 'CLOSED'
    await client?.close()
  }

  async redo(number: number): Promise<void> {
    await this.run(this.history[number]?.split(/\s+/) ?? [])
  }

  quit(): void {
    this.onQuit()
  }

  /** Runs one command, says what went wrong as zkCli does, and gives zkCli's exit code. */
  async run(argv: readonly string[]): Promise<number> {
    const [name = ''] = argv
    await this.context.allow({
      effect: effectOf(name),
      name: `zk ${name}`,
      canAsk: this.options.isShell !== true,
    })
    try {
      await runZkCommand(this, argv)
      return ZK_EXIT.done
    } catch (error) {
      return this.report(error)
    } finally {
      await this.output
    }
  }

  private report(error: unknown): number {
    if (error instanceof UnknownCommandError) {
      // Programs that were written for zkCli look for its words; on a terminal they would fill the screen.
      this.note(
        this.context.terminal.canAnimate ? unknownCommandText(error.command) : zkCliUsage() + error.message,
      )
      return ZK_EXIT.unknownCommand
    }
    if (error instanceof ZkUsageError) {
      this.note(error.message)
      return ZK_EXIT.failed
    }
    const text = zkErrorText(error)
    if (text === undefined) throw error
    this.note(text)
    return ZK_EXIT.failed
  }

  private async connect(): Promise<NetworkClient> {
    const { auth, sessionTimeoutMs, connectTimeoutMs } = this.options
    try {
      const client = await connectZooKeeper({
        ...this.place.options,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        sessionTimeoutMs,
        connectTimeoutMs,
        auth,
      })
      this.follow(client)
      return client
    } catch (error) {
      this.opening = undefined
      throw isZooKeeperError(error, 'CONNECTIONLOSS') ? this.unreachable(error) : error
    }
  }

  private unreachable(cause: unknown): KcliError {
    const where = this.place.options.servers.map((each: Address) => formatAddress(each)).join(',')
    return new KcliError(
      'KCLI_ZOOKEEPER_UNREACHABLE',
      `cannot connect to ZooKeeper at ${where}: ${messageOf(cause)}`,
      {
        hint: "Check that it runs, and that it is ZooKeeper's port (often 2181), not a broker's. --timeout sets how long to wait, in milliseconds.",
        cause,
      },
    )
  }

  private follow(client: NetworkClient): void {
    this.state = 'CONNECTED'
    client.onSessionEvent((state) => {
      this.state = state === 'connected' ? 'CONNECTED' : state === 'disconnected' ? 'CONNECTING' : 'CLOSED'
      if (this.printsWatches) this.onEvent(sessionEventText(state))
      this.onState()
    })
  }
}

const STATE_NAMES: Record<SessionState, string> = {
  connected: 'SyncConnected',
  disconnected: 'Disconnected',
  expired: 'Expired',
  'auth-failed': 'AuthFailed',
}

function sessionEventText(state: SessionState): string {
  return `\nWATCHER::\n\nWatchedEvent state:${STATE_NAMES[state]} type:None path:null\n`
}
