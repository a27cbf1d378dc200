import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { type Acl, OPEN_ACL_UNSAFE, SUPER_IDENTITY } from './acl.ts'
import {
  type AddWatchMode,
  type CreateOptions,
  isSequentialMode,
  type Op,
  type OpResult,
  type SessionState,
  type Stat,
  type WatchEvent,
  type Watcher,
  type WatcherType,
  type ZooKeeperClient,
  ZooKeeperMultiError,
} from './client.ts'
import { ClientWatches } from './client-watches.ts'
import { clientStat, type DataNode } from './data-node.ts'
import type { DataTree, TxnResult } from './data-tree.ts'
import { ZooKeeperError } from './errors.ts'
import { validatePath } from './paths.ts'
import type { Pipeline } from './pipeline.ts'
import type { Prepared, SimpleRequest, WriteRequest } from './prepare.ts'
import type { Watches } from './watches.ts'

/** What a client in the server's own process works with. */
export interface LocalService {
  readonly tree: DataTree
  readonly pipeline: Pipeline
  readonly watches: Watches
  readonly logger: Logger
  /** Why this session may not ask for anything now. */
  refusal(path: string | undefined): ZooKeeperError | undefined
  endSession(): Promise<void>
}

/**
 * A session in the server's own process. Promises are settled straight from the pipeline, without another turn in
 * between, so that the answers come in the order of the requests.
 */
export class LocalClient implements ZooKeeperClient {
  readonly sessionId: bigint
  private readonly service: LocalService
  private readonly watchers = new ClientWatches()
  private readonly listeners: ((state: SessionState) => void)[] = []
  private nextCxid = 1
  /** The last write that is not applied yet: reads wait for it. */
  private lastWrite: { readonly prepared: Prepared; readonly followers: (() => void)[] } | undefined
  private closing: Promise<void> | undefined
  private hasEnded = false

  constructor(sessionId: bigint, service: LocalService) {
    this.sessionId = sessionId
    this.service = service
  }

  create(
    path: string,
    data: Uint8Array | null,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    return this.write(path, createRequest(path, data, options), (result) => ({
      path: result.path,
      stat: statOf(result),
    }))
  }

  delete(path: string, version = -1): Promise<void> {
    return this.write(path, { kind: 'delete', path, version }, () => undefined)
  }

  setData(path: string, data: Uint8Array | null, version = -1): Promise<Stat> {
    return this.write(path, { kind: 'setData', path, data, version }, statOf)
  }

  setAcl(path: string, acl: readonly Acl[], version = -1): Promise<Stat> {
    return this.write(path, { kind: 'setAcl', path, acl, version }, statOf)
  }

  multi(ops: readonly Op[]): Promise<OpResult[]> {
    const requests = ops.map(requestOf)
    return this.write(undefined, { kind: 'multi', ops: requests }, (result) => multiResults(requests, result))
  }

  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.read(path, (node) => {
      if (watcher !== undefined) {
        this.watchers.add(node === undefined ? 'exists' : 'data', path, watcher)
        this.service.watches.addData(path, this.sink)
      }
      return node === undefined ? null : clientStat(node)
    })
  }

  getData(path: string, watcher?: Watcher): Promise<{ data: Buffer | null; stat: Stat }> {
    return this.read(path, (found) => this.dataOf(present(found, path), path, watcher))
  }

  getDataOfAll(
    paths: readonly string[],
    watcher?: Watcher,
  ): Promise<({ data: Buffer | null; stat: Stat } | ZooKeeperError)[]> {
    const { tree } = this.service
    return this.read('/', () => {
      for (const path of paths) validatePath(path, false)
      return paths.map((path) => {
        const node = tree.get(path)
        return node === undefined ? new ZooKeeperError('NONODE', path) : this.dataOf(node, path, watcher)
      })
    })
  }

  private dataOf(node: DataNode, path: string, watcher: Watcher | undefined) {
    if (watcher !== undefined) {
      this.watchers.add('data', path, watcher)
      this.service.watches.addData(path, this.sink)
    }
    return { data: node.data, stat: clientStat(node) }
  }

  getChildren(path: string, watcher?: Watcher): Promise<{ children: string[]; stat: Stat }> {
    return this.read(path, (found) => {
      const node = present(found, path)
      if (watcher !== undefined) {
        this.watchers.add('children', path, watcher)
        this.service.watches.addChildren(path, this.sink)
      }
      return { children: [...(node.children ?? [])], stat: clientStat(node) }
    })
  }

  getAcl(path: string): Promise<{ acl: readonly Acl[]; stat: Stat }> {
    return this.read(path, (found) => {
      const node = present(found, path)
      return { acl: this.service.tree.aclOf(node), stat: clientStat(node) }
    })
  }

  sync(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.check(path)
      this.service.pipeline.afterAll(() => {
        const refusal = this.service.refusal(path)
        if (refusal === undefined) resolve()
        else reject(refusal)
      })
    })
  }

  addWatch(path: string, mode: AddWatchMode, watcher: Watcher): Promise<void> {
    return this.read(path, () => {
      this.watchers.add(mode, path, watcher)
      this.service.watches.addLasting(path, mode, this.sink)
    })
  }

  removeWatches(path: string, type: WatcherType, watcher?: Watcher): Promise<void> {
    return this.read(path, () => {
      if (!this.watchers.remove(path, type, watcher)) throw new ZooKeeperError('NOWATCHER', path)
      if (!this.watchers.has(path, type)) this.service.watches.remove(path, type, this.sink)
    })
  }

  onSessionEvent(listener: (state: SessionState) => void): void {
    this.listeners.push(listener)
  }

  close(): Promise<void> {
    this.closing ??=
      this.service.refusal(undefined) === undefined ? this.service.endSession() : Promise.resolve()
    return this.closing
  }

  /** Called by the server: the session is over. A client that closed itself does not want to hear of it. */
  sessionEnded(): void {
    this.end(this.closing === undefined ? 'expired' : undefined)
  }

  /** Called by the server when it stops. */
  disconnected(): void {
    this.end('disconnected')
  }

  private end(state: SessionState | undefined): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.service.watches.removeSink(this.sink)
    this.watchers.clear()
    if (state === undefined) return
    for (const listener of this.listeners) this.guard(() => listener(state))
  }

  private readonly sink = (event: WatchEvent): void => {
    for (const watcher of this.watchers.take(event)) this.guard(() => watcher(event))
  }

  /** One owner's mistake must not stop the service for all. */
  private guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.service.logger.error(`a watcher threw: ${messageOf(error)}`, error)
    }
  }

  /** As the Java client does before it sends anything. */
  private check(path: string | undefined, isSequential = false): void {
    if (path !== undefined) validatePath(path, isSequential)
    const refusal = this.service.refusal(path)
    if (refusal !== undefined) throw refusal
  }

  private write<T>(
    path: string | undefined,
    request: WriteRequest,
    resultOf: (result: TxnResult) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const isSequential = request.kind === 'create' && isSequentialMode(request.mode)
      this.check(path, isSequential)
      const requester = { sessionId: this.sessionId, cxid: this.nextCxid++, identity: SUPER_IDENTITY }
      // Called before `submit` returns when the request is refused unseen.
      const pending = this.service.pipeline.submit(requester, request, (error, result, prepared) => {
        if (prepared !== undefined) this.forget(prepared)
        if (error === undefined) resolve(resultOf(result))
        else reject(withSteps(error, request, prepared))
      })
      if (pending !== undefined) this.lastWrite = pending
    })
  }

  private forget(applied: Prepared): void {
    if (this.lastWrite?.prepared === applied) this.lastWrite = undefined
  }

  private read<T>(path: string, answer: (node: DataNode | undefined) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.check(path)
      const now = () => {
        try {
          const refusal = this.service.refusal(path)
          if (refusal !== undefined) throw refusal
          resolve(answer(this.service.tree.get(path)))
        } catch (error) {
          reject(error)
        }
      }
      if (this.lastWrite === undefined) now()
      else this.lastWrite.followers.push(now)
    })
  }
}

function present(node: DataNode | undefined, path: string): DataNode {
  if (node === undefined) throw new ZooKeeperError('NONODE', path)
  return node
}

function statOf(result: TxnResult): Stat {
  if (result.stat === null) throw new ZooKeeperError('SYSTEMERROR', result.path)
  return result.stat
}

function createRequest(path: string, data: Uint8Array | null, options: CreateOptions): SimpleRequest {
  return {
    kind: 'create',
    path,
    data,
    mode: options.mode ?? 'persistent',
    acl: options.acl ?? OPEN_ACL_UNSAFE,
    ttlMs: options.ttlMs ?? 0,
  }
}

function requestOf(op: Op): SimpleRequest {
  switch (op.type) {
    case 'create':
      return createRequest(op.path, op.data, op)
    case 'delete':
      return { kind: 'delete', path: op.path, version: op.version ?? -1 }
    case 'setData':
      return { kind: 'setData', path: op.path, data: op.data, version: op.version ?? -1 }
    case 'check':
      return { kind: 'check', path: op.path, version: op.version }
  }
}

function multiResults(requests: readonly SimpleRequest[], result: TxnResult): OpResult[] {
  return result.steps.map((step, index): OpResult => {
    switch (requests[index]?.kind) {
      case 'create':
        return { type: 'create', path: step.path, stat: statOf(step) }
      case 'setData':
        return { type: 'setData', stat: statOf(step) }
      case 'check':
        return { type: 'check' }
      default:
        return { type: 'delete' }
    }
  })
}

function withSteps(
  error: ZooKeeperError,
  request: WriteRequest,
  prepared: Prepared | undefined,
): ZooKeeperError {
  if (request.kind !== 'multi' || prepared === undefined) return error
  const { failedIndex } = prepared
  const results = request.ops.map((_, index): OpResult => {
    if (index < failedIndex) return { type: 'error', code: 'OK' }
    return { type: 'error', code: index === failedIndex ? error.zkCode : 'RUNTIMEINCONSISTENCY' }
  })
  return new ZooKeeperMultiError(error.zkCode, error.path ?? '', failedIndex, results)
}
