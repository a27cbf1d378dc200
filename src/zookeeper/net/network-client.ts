import { messageOf } from '../../base/errors.ts'
import { formatAddress } from '../../base/network.ts'
import { type Acl, OPEN_ACL_UNSAFE } from '../acl.ts'
import {
  type AddWatchMode,
  type CreateMode,
  type CreateOptions,
  isSequentialMode,
  isTtlMode,
  type Op,
  type OpResult,
  type SessionState,
  type Stat,
  type WatchEvent,
  type Watcher,
  type WatcherType,
  type ZooKeeperClient,
  ZooKeeperMultiError,
} from '../client.ts'
import { ClientWatches, type WatchTable } from '../client-watches.ts'
import { errorNameOf, isZooKeeperError, ZooKeeperError } from '../errors.ts'
import { JuteError, type JuteReader, type JuteWriter } from '../jute.ts'
import { validatePath } from '../paths.ts'
import { type Answer, ClientSession, type ClientSessionOptions } from './client-session.ts'
import {
  ADD_WATCH_MODES,
  CREATE_MODES,
  MULTI_END,
  REQUEST_TYPES,
  readAcls,
  readMultiHeader,
  readStat,
  readStrings,
  WATCHER_TYPES,
  writeAcls,
  writeMultiHeader,
  writeStrings,
} from './wire.ts'

export interface NetworkClientOptions extends ClientSessionOptions {
  /** Stands before every path, invisibly. Default: none. */
  readonly chroot?: string
  /** How long `connect` tries to reach a server. Default: the session's timeout. */
  readonly connectTimeoutMs?: number
}

/** A session with a coordination service that is reached over the network (org.apache.zookeeper.ZooKeeper). */
export class NetworkClient implements ZooKeeperClient {
  private readonly session: ClientSession
  private readonly options: NetworkClientOptions
  private readonly chroot: string
  private readonly watchers = new ClientWatches()
  private readonly listeners: ((state: SessionState) => void)[] = []

  /** Resolves when there is a session. Rejects with CONNECTIONLOSS when no server could be reached in time. */
  static async connect(options: NetworkClientOptions): Promise<NetworkClient> {
    const client = new NetworkClient(options)
    await client.firstConnection()
    return client
  }

  private constructor(options: NetworkClientOptions) {
    this.options = options
    this.chroot = options.chroot ?? ''
    this.session = new ClientSession(options, {
      watchesToSet: () => this.watchesToSet(),
      event: (event) => this.deliver(event),
      state: (state) => this.announce(state),
    })
  }

  get sessionId(): bigint {
    return this.session.sessionId
  }

  /** Proves who the session is, to this server and every other that it moves to. */
  addAuth(scheme: string, auth: string): void {
    this.session.addAuth(scheme, auth)
  }

  create(
    path: string,
    data: Uint8Array | null,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const mode = options.mode ?? 'persistent'
    return this.rejecting(() => {
      const fullPath = this.full(path, isSequentialMode(mode))
      return this.session.request(
        createType(mode),
        (writer) => writeCreate(writer, fullPath, data, { ...options, mode }),
        { path, read: (reader) => ({ path: this.visible(reader.readString()), stat: readStat(reader) }) },
      )
    })
  }

  delete(path: string, version = -1): Promise<void> {
    return this.ask(REQUEST_TYPES.delete, path, (writer) => writer.writeInt(version), { read: nothing })
  }

  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.ask<Stat | null>(REQUEST_TYPES.exists, path, wantsWatch(watcher), {
      read: (reader) => {
        this.watch('data', path, watcher)
        return readStat(reader)
      },
      refused: (error) => {
        if (!isZooKeeperError(error, 'NONODE')) throw error
        this.watch('exists', path, watcher)
        return null
      },
    })
  }

  getData(path: string, watcher?: Watcher): Promise<{ data: Buffer | null; stat: Stat }> {
    return this.ask(REQUEST_TYPES.getData, path, wantsWatch(watcher), {
      read: (reader) => {
        this.watch('data', path, watcher)
        return { data: reader.readBuffer(), stat: readStat(reader) }
      },
    })
  }

  getDataOfAll(
    paths: readonly string[],
    watcher?: Watcher,
  ): Promise<({ data: Buffer | null; stat: Stat } | ZooKeeperError)[]> {
    return this.rejecting(() => {
      for (const path of paths) validatePath(path)
      return Promise.all(
        paths.map((path) =>
          this.getData(path, watcher).catch((error: unknown) => {
            if (!isZooKeeperError(error) || isZooKeeperError(error, 'CONNECTIONLOSS', 'SESSIONEXPIRED'))
              throw error
            return error
          }),
        ),
      )
    })
  }

  setData(path: string, data: Uint8Array | null, version = -1): Promise<Stat> {
    const write = (writer: JuteWriter) => {
      writer.writeBuffer(data)
      writer.writeInt(version)
    }
    return this.ask(REQUEST_TYPES.setData, path, write, { read: readStat })
  }

  getChildren(path: string, watcher?: Watcher): Promise<{ children: string[]; stat: Stat }> {
    return this.ask(REQUEST_TYPES.getChildren2, path, wantsWatch(watcher), {
      read: (reader) => {
        this.watch('children', path, watcher)
        return { children: readStrings(reader), stat: readStat(reader) }
      },
    })
  }

  getAcl(path: string): Promise<{ acl: readonly Acl[]; stat: Stat }> {
    const read = (reader: JuteReader) => ({ acl: readAcls(reader), stat: readStat(reader) })
    return this.ask(REQUEST_TYPES.getAcl, path, undefined, { read })
  }

  setAcl(path: string, acl: readonly Acl[], version = -1): Promise<Stat> {
    const write = (writer: JuteWriter) => {
      writeAcls(writer, acl)
      writer.writeInt(version)
    }
    return this.ask(REQUEST_TYPES.setAcl, path, write, { read: readStat })
  }

  sync(path: string): Promise<void> {
    return this.ask(REQUEST_TYPES.sync, path, undefined, { read: nothing })
  }

  async multi(ops: readonly Op[]): Promise<OpResult[]> {
    const paths = ops.map((op) =>
      this.full(op.path, op.type === 'create' && isSequentialMode(op.mode ?? 'persistent')),
    )
    const write = (writer: JuteWriter) => {
      for (const [index, op] of ops.entries()) writeStep(writer, op, paths[index] ?? op.path)
      writeMultiHeader(writer, MULTI_END)
    }
    const results = await this.session.request(REQUEST_TYPES.multi, write, {
      read: (reader) => readResults(reader, (path) => this.visible(path)),
    })
    const failedIndex = results.findIndex((result) => result.type === 'error' && result.code !== 'OK')
    const failed = results[failedIndex]
    if (failed?.type !== 'error' || failed.code === 'OK') return results
    throw new ZooKeeperMultiError(failed.code, ops[failedIndex]?.path ?? '', failedIndex, results)
  }

  addWatch(path: string, mode: AddWatchMode, watcher: Watcher): Promise<void> {
    const write = (writer: JuteWriter) => writer.writeInt(ADD_WATCH_MODES.indexOf(mode))
    return this.ask(REQUEST_TYPES.addWatch, path, write, { read: () => this.watch(mode, path, watcher) })
  }

  async removeWatches(path: string, type: WatcherType, watcher?: Watcher): Promise<void> {
    validatePath(path)
    if (!this.watchers.remove(path, type, watcher)) throw new ZooKeeperError('NOWATCHER', path)
    // ZooKeeper 3.8 has no name for the lasting kinds alone. Events that nobody waits for are dropped here.
    const wireType = type === 'data' || type === 'children' ? type : 'any'
    if (this.watchers.has(path, wireType)) return
    const write = (writer: JuteWriter) => writer.writeInt(WATCHER_TYPES.indexOf(wireType) + 1)
    await this.ask(REQUEST_TYPES.removeWatches, path, write, { read: nothing })
  }

  /** The session's ephemeral nodes whose path begins so. */
  getEphemerals(prefix = ''): Promise<string[]> {
    const full = this.chroot + prefix
    return this.session.request(REQUEST_TYPES.getEphemerals, (writer) => writer.writeString(full), {
      read: (reader) => readStrings(reader).map((path) => this.visible(path)),
    })
  }

  /** Of all generations. */
  getAllChildrenNumber(path: string): Promise<number> {
    const read = (reader: JuteReader) => reader.readInt()
    return this.ask(REQUEST_TYPES.getAllChildrenNumber, path, undefined, { read })
  }

  whoAmI(): Promise<{ scheme: string; user: string }[]> {
    return this.session.request(REQUEST_TYPES.whoAmI, undefined, {
      read: (reader) =>
        reader.readVector(8, (each) => ({ scheme: each.readString(), user: each.readString() })) ?? [],
    })
  }

  onSessionEvent(listener: (state: SessionState) => void): void {
    this.listeners.push(listener)
  }

  close(): Promise<void> {
    this.watchers.clear()
    return this.session.close()
  }

  private firstConnection(): Promise<void> {
    const { clock, connectTimeoutMs, sessionTimeoutMs, servers } = this.options
    const timeoutMs = connectTimeoutMs ?? sessionTimeoutMs
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(timeoutMs, () => {
        this.session.abandon()
        const names = servers.map(formatAddress).join(',')
        const problem = this.session.lastProblem
        const reason = problem === undefined ? '' : `, the last problem: ${problem}`
        const message = `no server of ${names} answered within ${timeoutMs} ms${reason}`
        reject(new ZooKeeperError('CONNECTIONLOSS', undefined, { message }))
      })
      this.onSessionEvent((state) => {
        timer.cancel()
        if (state === 'connected') resolve()
        else reject(new ZooKeeperError(state === 'auth-failed' ? 'AUTHFAILED' : 'SESSIONEXPIRED'))
      })
    })
  }

  /** A request about one node: its path, and what follows. */
  private ask<T>(
    type: number,
    path: string,
    writeRest: ((writer: JuteWriter) => void) | undefined,
    answer: Answer<T>,
  ): Promise<T> {
    return this.rejecting(() => {
      const full = this.full(path)
      const write = (writer: JuteWriter) => {
        writer.writeString(full)
        writeRest?.(writer)
      }
      return this.session.request(type, write, { ...answer, path })
    })
  }

  /** A path that is none is found before anything is sent. */
  private rejecting<T>(make: () => Promise<T>): Promise<T> {
    try {
      return make()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  private watch(table: WatchTable, path: string, watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.watchers.add(table, path, watcher)
  }

  private full(path: string, isSequential = false): string {
    validatePath(path, isSequential)
    if (this.chroot === '') return path
    return path === '/' ? this.chroot : this.chroot + path
  }

  private visible(path: string): string {
    if (this.chroot === '' || !path.startsWith(this.chroot)) return path
    return path.length === this.chroot.length ? '/' : path.slice(this.chroot.length)
  }

  private deliver(event: WatchEvent): void {
    const visible = { type: event.type, path: this.visible(event.path) }
    for (const watcher of this.watchers.take(visible)) this.guard(() => watcher(visible))
  }

  private announce(state: SessionState): void {
    if (state === 'expired') this.watchers.clear()
    for (const listener of this.listeners) this.guard(() => listener(state))
  }

  /** One owner's mistake must not end the session for all. */
  private guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.options.logger.error(`a watcher threw: ${messageOf(error)}`, error)
    }
  }

  /** In portions: all of them at once can be more than a server takes. */
  private watchesToSet(): ((writer: JuteWriter) => void)[] {
    const portions: string[][][] = []
    let bytes = MAX_SET_WATCHES_BYTES
    const { data, exists, children, persistent, 'persistent-recursive': recursive } = this.watchers.paths()
    for (const [kind, paths] of [data, exists, children, persistent, recursive].entries()) {
      for (const path of paths) {
        const full = this.full(path)
        if (bytes + full.length > MAX_SET_WATCHES_BYTES) {
          portions.push([[], [], [], [], []])
          bytes = 0
        }
        bytes += full.length
        portions.at(-1)?.[kind]?.push(full)
      }
    }
    return portions.map((lists) => (writer) => {
      for (const paths of lists) writeStrings(writer, paths)
    })
  }
}

/** ClientCnxn's SET_WATCHES_MAX_LENGTH. */
const MAX_SET_WATCHES_BYTES = 128 * 1024

const nothing = () => undefined

function wantsWatch(watcher: Watcher | undefined): (writer: JuteWriter) => void {
  return (writer) => writer.writeBoolean(watcher !== undefined)
}

/** All of them are answered with the node's Stat. */
function createType(mode: CreateMode): number {
  if (mode === 'container') return REQUEST_TYPES.createContainer
  return isTtlMode(mode) ? REQUEST_TYPES.createTtl : REQUEST_TYPES.create2
}

function writeCreate(
  writer: JuteWriter,
  path: string,
  data: Uint8Array | null,
  options: { readonly mode: CreateMode; readonly acl?: readonly Acl[]; readonly ttlMs?: number },
): void {
  writer.writeString(path)
  writer.writeBuffer(data)
  writeAcls(writer, options.acl ?? OPEN_ACL_UNSAFE)
  writer.writeInt(CREATE_MODES.indexOf(options.mode))
  if (isTtlMode(options.mode)) writer.writeLong(options.ttlMs ?? 0)
}

function writeStep(writer: JuteWriter, op: Op, path: string): void {
  const mode = op.type === 'create' ? (op.mode ?? 'persistent') : undefined
  const type = mode === undefined ? REQUEST_TYPES[op.type] : createType(mode)
  writeMultiHeader(writer, { type, isDone: false, err: -1 })
  switch (op.type) {
    case 'create':
      writeCreate(writer, path, op.data, { ...op, mode: mode ?? 'persistent' })
      return
    case 'setData':
      writer.writeString(path)
      writer.writeBuffer(op.data)
      writer.writeInt(op.version ?? -1)
      return
    default:
      writer.writeString(path)
      writer.writeInt(op.version ?? -1)
  }
}

function readResults(reader: JuteReader, visible: (path: string) => string): OpResult[] {
  const results: OpResult[] = []
  for (let header = readMultiHeader(reader); !header.isDone; header = readMultiHeader(reader)) {
    results.push(readResult(header.type, reader, visible))
  }
  return results
}

function readResult(type: number, reader: JuteReader, visible: (path: string) => string): OpResult {
  switch (type) {
    case REQUEST_TYPES.create2:
    case REQUEST_TYPES.createContainer:
    case REQUEST_TYPES.createTtl:
      return { type: 'create', path: visible(reader.readString()), stat: readStat(reader) }
    case REQUEST_TYPES.setData:
      return { type: 'setData', stat: readStat(reader) }
    case REQUEST_TYPES.delete:
      return { type: 'delete' }
    case REQUEST_TYPES.check:
      return { type: 'check' }
    case -1:
      return { type: 'error', code: errorNameOf(reader.readInt()) }
    default:
      throw new JuteError(`a multi was answered with a result of type ${type}`)
  }
}
