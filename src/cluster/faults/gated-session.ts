import type { Clock, Timer } from '../../base/clock.ts'
import {
  type Acl,
  type AddWatchMode,
  type CreateOptions,
  type Op,
  type OpResult,
  type SessionState,
  type Stat,
  type WatchEvent,
  type Watcher,
  type WatcherType,
  type ZooKeeperClient,
  ZooKeeperError,
} from '../../zookeeper/index.ts'
import { type Gate, never } from './gate.ts'

export interface GatedSessionOptions {
  readonly client: ZooKeeperClient
  readonly gate: Gate
  readonly clock: Clock
  /** Ends the session at the service, as if nobody had been heard of for too long. */
  readonly expire: (id: bigint) => Promise<void>
  /** It is over, and its owner has been told, or is not there to be told. */
  readonly onOver: () => void
}

/**
 * A session of one broker with the coordination service of its process. Such a session needs no heartbeats; here it is
 * given what one over a network has: it can lose its connection, and it expires when its owner is silent for too long.
 */
export class GatedSession implements ZooKeeperClient {
  private readonly options: GatedSessionOptions
  private readonly client: ZooKeeperClient
  private readonly listeners: ((state: SessionState) => void)[] = []
  /** Each watcher as the service knows it. */
  private readonly watchers = new WeakMap<Watcher, Watcher>()
  private isCut = false
  private isOver = false
  private hasHeardOfEnd = false
  /** Events of the time without a connection, which a client is told when it is back. */
  private missed: (() => void)[] = []
  private silence: Timer | undefined

  constructor(options: GatedSessionOptions) {
    this.options = options
    this.client = options.client
    this.client.onSessionEvent((state) => {
      if (state === 'expired') this.end()
      options.gate.pass(() => this.arrive(() => this.tell(state)))
    })
  }

  get sessionId(): bigint {
    return this.client.sessionId
  }

  create(
    path: string,
    data: Uint8Array | null,
    options?: CreateOptions,
  ): Promise<{ path: string; stat: Stat }> {
    return this.ask(() => this.client.create(path, data, options), path)
  }

  delete(path: string, version?: number): Promise<void> {
    return this.ask(() => this.client.delete(path, version), path)
  }

  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.ask(() => this.client.exists(path, this.gated(watcher)), path)
  }

  getData(path: string, watcher?: Watcher): Promise<{ data: Buffer | null; stat: Stat }> {
    return this.ask(() => this.client.getData(path, this.gated(watcher)), path)
  }

  getDataOfAll(
    paths: readonly string[],
    watcher?: Watcher,
  ): Promise<({ data: Buffer | null; stat: Stat } | ZooKeeperError)[]> {
    return this.ask(() => this.client.getDataOfAll(paths, this.gated(watcher)))
  }

  setData(path: string, data: Uint8Array | null, version?: number): Promise<Stat> {
    return this.ask(() => this.client.setData(path, data, version), path)
  }

  getChildren(path: string, watcher?: Watcher): Promise<{ children: string[]; stat: Stat }> {
    return this.ask(() => this.client.getChildren(path, this.gated(watcher)), path)
  }

  getAcl(path: string): Promise<{ acl: readonly Acl[]; stat: Stat }> {
    return this.ask(() => this.client.getAcl(path), path)
  }

  setAcl(path: string, acl: readonly Acl[], version?: number): Promise<Stat> {
    return this.ask(() => this.client.setAcl(path, acl, version), path)
  }

  sync(path: string): Promise<void> {
    return this.ask(() => this.client.sync(path), path)
  }

  multi(ops: readonly Op[]): Promise<OpResult[]> {
    return this.ask(() => this.client.multi(ops))
  }

  addWatch(path: string, mode: AddWatchMode, watcher: Watcher): Promise<void> {
    return this.ask(() => this.client.addWatch(path, mode, this.gated(watcher)), path)
  }

  removeWatches(path: string, type: WatcherType, watcher?: Watcher): Promise<void> {
    return this.ask(() => this.client.removeWatches(path, type, this.gated(watcher)), path)
  }

  onSessionEvent(listener: (state: SessionState) => void): void {
    this.listeners.push(listener)
  }

  /** Whose service cannot be reached leaves the session to expire. */
  async close(): Promise<void> {
    if (this.options.gate.isKilled) return never()
    if (this.isCut || this.isOver) return
    await this.client.close()
    this.end()
  }

  /** From now on the service hears nothing of its owner; it takes it for dead after `timeoutMs`. */
  fallSilent(timeoutMs: number): void {
    if (this.isOver || this.silence !== undefined) return
    const { clock, expire } = this.options
    const expired = () => {
      // A service that is closed by then has no sessions either.
      expire(this.sessionId).catch(() => this.end())
    }
    this.silence = clock.setTimer(timeoutMs, expired, { unref: true })
  }

  /** Its owner is heard of again, unless it has come too late. */
  speakAgain(): void {
    this.silence?.cancel()
    this.silence = undefined
  }

  cut(): void {
    if (this.isCut) return
    this.isCut = true
    this.options.gate.pass(() => this.tell('disconnected'))
  }

  heal(): void {
    if (!this.isCut) return
    this.isCut = false
    if (!this.isOver) this.options.gate.pass(() => this.tell('connected'))
    for (const deliver of this.missed.splice(0)) this.options.gate.pass(deliver)
    if (this.isOver) this.options.onOver()
  }

  /** Its owner is killed. */
  abandon(timeoutMs: number): void {
    if (this.isOver) this.options.onOver()
    else this.fallSilent(timeoutMs)
  }

  private end(): void {
    if (this.isOver) return
    this.isOver = true
    this.speakAgain()
    if (!this.isCut || this.options.gate.isKilled) this.options.onOver()
  }

  private ask<T>(request: () => Promise<T>, path?: string): Promise<T> {
    const { gate } = this.options
    if (gate.isKilled) return never()
    if (this.isCut) return Promise.reject(new ZooKeeperError('CONNECTIONLOSS', path))
    if (gate.state === 'up') return request()
    return new Promise((resolve, reject) => {
      gate.pass(() => this.ask(request, path).then(resolve, reject))
    })
  }

  private gated<W extends Watcher | undefined>(watcher: W): W {
    if (watcher === undefined) return watcher
    let known = this.watchers.get(watcher)
    if (known === undefined) {
      const deliver = (event: WatchEvent) => {
        // A session that is over has no watches: its end is all that its owner hears.
        if (!this.isOver) watcher(event)
      }
      known = (event) => this.options.gate.pass(() => this.arrive(() => deliver(event)))
      this.watchers.set(watcher, known)
    }
    return known as W
  }

  private arrive(deliver: () => void): void {
    if (this.isCut) this.missed.push(deliver)
    else deliver()
  }

  private tell(state: SessionState): void {
    if (this.hasHeardOfEnd) return
    if (state === 'expired') this.hasHeardOfEnd = true
    for (const listener of this.listeners) listener(state)
  }
}
