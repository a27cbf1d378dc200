import type { Clock } from '../../base/clock.ts'
import type { FileLock } from '../../base/file-lock.ts'
import type { FileSystem } from '../../base/file-system.ts'
import type { Logger } from '../../base/logger.ts'
import type { Address, Network } from '../../base/network.ts'
import { type ZooKeeperClient, ZooKeeperError } from '../../zookeeper/index.ts'
import type { ClusterPorts } from '../ports.ts'
import { Gate, never, type ProcessState } from './gate.ts'
import { GatedClock } from './gated-clock.ts'
import { GatedFileSystem } from './gated-file-system.ts'
import { GatedNetwork, type Peer } from './gated-network.ts'
import { GatedSession } from './gated-session.ts'

export interface BrokerProcessOptions {
  readonly ports: ClusterPorts
  readonly peerOf: (address: Address) => Peer | undefined
  readonly isCut: (peer: Peer) => boolean
  /** Ends a session with the coordination service of this process. */
  readonly expireSession: (id: bigint) => Promise<void>
}

/**
 * What stands around one run of a broker, as an operating system stands around a process: it can be stopped in the middle
 * of everything, go on later, or be ended without a word.
 */
export class BrokerProcess {
  readonly clock: Clock
  readonly fs: FileSystem
  readonly network: Network
  readonly logger: Logger
  private readonly options: BrokerProcessOptions
  private readonly gate: Gate
  private readonly gatedClock: GatedClock
  private readonly gatedFs: GatedFileSystem
  private readonly gatedNetwork: GatedNetwork
  private readonly locks = new Set<FileLock>()
  private readonly sessions = new Set<GatedSession>()
  private onSessionsOver: (() => void)[] = []

  constructor(options: BrokerProcessOptions) {
    const { ports, peerOf, isCut } = options
    const gate = new Gate(ports.clock)
    this.options = options
    this.gate = gate
    this.clock = this.gatedClock = new GatedClock(ports.clock, gate)
    this.fs = this.gatedFs = new GatedFileSystem(ports.fs, gate)
    this.network = this.gatedNetwork = new GatedNetwork({ network: ports.network, gate, peerOf, isCut })
    this.logger = gatedLogger(ports.logger, gate)
  }

  get state(): ProcessState {
    return this.gate.state
  }

  /** Gives what the system gives up for whoever is killed. */
  holding(lock: FileLock): FileLock {
    this.locks.add(lock)
    return {
      release: () => {
        if (this.locks.delete(lock)) lock.release()
      },
    }
  }

  /** A session of this broker with the coordination service of this process. Rejects with CONNECTIONLOSS. */
  async openSession(connect: () => Promise<ZooKeeperClient>): Promise<ZooKeeperClient> {
    const { ports, isCut, expireSession } = this.options
    if (isCut('zookeeper')) throw new ZooKeeperError('CONNECTIONLOSS')
    const client = await connect()
    if (this.gate.isKilled) {
      // The session that it would have had holds nothing yet.
      await client.close()
      return never()
    }
    const session: GatedSession = new GatedSession({
      client,
      gate: this.gate,
      clock: ports.clock,
      expire: expireSession,
      onOver: () => {
        this.sessions.delete(session)
        if (this.sessions.size > 0) return
        for (const resolve of this.onSessionsOver.splice(0)) resolve()
      },
    })
    this.sessions.add(session)
    if (isCut('zookeeper')) session.cut()
    return session
  }

  /** Calls `fn` unless there is nobody any more who could have said so. */
  unlessKilled<A extends unknown[]>(fn: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      if (!this.gate.isKilled) fn(...args)
    }
  }

  /** SIGSTOP. */
  pause(sessionTimeoutMs: number): void {
    this.gate.pause()
    this.gatedNetwork.pause()
    for (const session of this.sessions) session.fallSilent(sessionTimeoutMs)
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.options.isCut('zookeeper')) for (const session of [...this.sessions]) session.speakAgain()
    this.gate.resume()
    this.gatedNetwork.resume()
  }

  /**
   * SIGKILL. Nothing of the broker runs from now on. Resolves when the system has done what it was asked for before, and
   * has closed everything: then another may take its place. Its sessions go on until they expire.
   */
  async kill(sessionTimeoutMs: number): Promise<void> {
    this.gate.kill()
    this.gatedClock.kill()
    for (const session of [...this.sessions]) session.abandon(sessionTimeoutMs)
    await Promise.all([this.gatedNetwork.kill(), this.gatedFs.kill()])
    for (const lock of this.locks) lock.release()
    this.locks.clear()
  }

  /** Resolves when the service has forgotten a broker that was killed. */
  sessionsOver(): Promise<void> {
    if (this.sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.onSessionsOver.push(resolve))
  }

  /** What is cut has changed. */
  cutsChanged(sessionTimeoutMs: number): void {
    this.gatedNetwork.sever()
    const isCut = this.options.isCut('zookeeper')
    for (const session of [...this.sessions]) {
      if (isCut) {
        session.cut()
        session.fallSilent(sessionTimeoutMs)
      } else {
        if (this.gate.state === 'up') session.speakAgain()
        session.heal()
      }
    }
  }
}

function gatedLogger(logger: Logger, gate: Gate): Logger {
  const unlessKilled =
    <A extends unknown[]>(write: (...args: A) => void) =>
    (...args: A) => {
      if (!gate.isKilled) write(...args)
    }
  return {
    debug: unlessKilled((message: string) => logger.debug(message)),
    info: unlessKilled((message: string) => logger.info(message)),
    warn: unlessKilled((message: string) => logger.warn(message)),
    error: unlessKilled((message: string, error?: unknown) => logger.error(message, error)),
  }
}
