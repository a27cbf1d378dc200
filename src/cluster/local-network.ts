import { type Clock, sleep } from '../base/clock.ts'
import { KcliError, systemErrorCode } from '../base/errors.ts'
import type { Address, Channel, Listener, Network } from '../base/network.ts'
import { systemError } from '../base/pipe.ts'
import { type DataDirectory, DataDirectoryError } from './data-directory.ts'
import { brokerOfPipe, placeOfPipe } from './local-address.ts'

/** A cluster that this process runs for the directory. */
export interface Host {
  /** Resolves if the cluster comes to a point where it cannot go on; `shutdown` has to follow. */
  readonly failure: Promise<KcliError>
  /** From now on its coordination service can be connected to. */
  serveZooKeeper(): Promise<void>
  shutdown(): Promise<void>
}

export interface LocalNetworkOptions {
  readonly network: Network
  readonly clock: Clock
  readonly directory: DataDirectory
  /** Runs the cluster in this process, or gives undefined when another process holds the directory. */
  readonly tryHost: () => Promise<Host | undefined>
  /** How long to look for somebody who serves the directory: as long as a recovery may take. */
  readonly patienceMs: number
}

const FIRST_WAIT_MS = 5
const LONGEST_WAIT_MS = 100
/** No such socket, nobody behind it, or no such folder, which only who makes it can explain. */
const NO_ENTRY: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])
const NOBODY_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])

/**
 * The network as it looks to a client of a local data directory: a pipe to broker N leads to the broker in this process
 * when it runs the cluster, and through broker N's Unix socket to the process that does otherwise. When nobody does, this
 * process takes the cluster over. That happens at every connect, so a client that has lost its broker needs to know
 * nothing but to connect again.
 */
export class LocalNetwork implements Network {
  private readonly options: LocalNetworkOptions
  private host: Host | undefined
  private hosting: Promise<Host | undefined> | undefined
  private closed = false
  /** Why the cluster could not go on in this process. Nobody else could run it either. */
  private failure: KcliError | undefined
  private stopping: Promise<void> | undefined

  constructor(options: LocalNetworkOptions) {
    this.options = options
  }

  /** Whether this process runs the cluster. */
  get isHost(): boolean {
    return this.host !== undefined
  }

  async connect(address: Address, options: { timeoutMs: number }): Promise<Channel> {
    const place = placeOfPipe(address)
    if (place === undefined) return this.options.network.connect(address, options)
    const { clock, patienceMs } = this.options
    const deadlineMs = clock.monotonicMs() + patienceMs
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      if (this.failure !== undefined) throw this.failure
      const channel = await this.attempt(place, address, options.timeoutMs)
      if (channel !== undefined) return channel
      if (this.closed || clock.monotonicMs() >= deadlineMs) {
        throw this.timeout()
      }
      await sleep(clock, waitMs)
    }
  }

  listen(address: Address, accept: (channel: Channel) => void): Promise<Listener> {
    return this.options.network.listen(address, accept)
  }

  /** Stops the cluster if it runs here. Others who use the directory take it over. */
  async close(): Promise<void> {
    this.closed = true
    const host = this.host ?? (await this.hosting?.catch(() => undefined))
    this.host = undefined
    await (this.stopping ?? host?.shutdown())
  }

  private serve(host: Host): void {
    this.host = host
    void host.failure.then((failure) => {
      if (this.host !== host) return
      this.failure = failure
      this.host = undefined
      // Its own troubles on the way down add nothing.
      this.stopping = host.shutdown().catch(() => undefined)
    })
  }

  private forbidden(cause: unknown): DataDirectoryError {
    return new DataDirectoryError(
      `no permission to use the local cluster in ${this.options.directory.path}`,
      {
        hint: 'It belongs to another user. Choose another folder with --data-dir or KCLI_DATA_DIR.',
        cause,
      },
    )
  }

  private timeout(): KcliError {
    const { directory } = this.options
    const pid = directory.readServerInfo()?.pid
    const who = pid === undefined ? 'The process that holds it' : `Process ${pid}, which holds it,`
    return new KcliError('KCLI_LOCAL_TIMEOUT', `the local cluster in ${directory.path} does not answer`, {
      hint: `${who} may be starting or may hang: try again, or end it.`,
    })
  }

  /** Somebody serves the directory, and has killed this broker: nobody will listen there soon. */
  private refuseIfDown(address: Address): void {
    const broker = brokerOfPipe(address)
    const isDown = broker !== undefined && this.options.directory.readServerInfo()?.down?.includes(broker)
    if (isDown) throw systemError('ECONNREFUSED', `broker ${broker} has been killed`)
  }

  /** Undefined: nobody is there yet, try again. */
  private async attempt(place: string, address: Address, timeoutMs: number): Promise<Channel | undefined> {
    const { network, directory } = this.options
    if (this.host !== undefined) return this.connectToHost(this.host, place, address, timeoutMs)
    try {
      return await network.connect({ kind: 'unix', path: directory.socketPath(place) }, { timeoutMs })
    } catch (error) {
      // The socket is missing, or left behind by a process that is gone.
      const code = systemErrorCode(error) ?? ''
      // More want to connect than the server has room for at this moment.
      if (code === 'EAGAIN') return undefined
      if (NO_ENTRY.has(code)) throw this.forbidden(error)
      if (!NOBODY_THERE.has(code)) throw error
    }
    if (this.closed) return undefined
    this.hosting ??= this.options.tryHost().finally(() => {
      this.hosting = undefined
    })
    const host = await this.hosting
    if (host === undefined) {
      this.refuseIfDown(address)
      return undefined
    }
    if (this.closed) return undefined
    this.serve(host)
    return this.connectToHost(host, place, address, timeoutMs)
  }

  private async connectToHost(
    host: Host,
    place: string,
    address: Address,
    timeoutMs: number,
  ): Promise<Channel> {
    // Brokers listen from the start, the coordination service when somebody asks for it.
    if (place === 'zookeeper') await host.serveZooKeeper()
    return this.options.network.connect(address, { timeoutMs })
  }
}
