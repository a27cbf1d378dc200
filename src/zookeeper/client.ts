import type { Acl } from './acl.ts'
import { ZooKeeperError, type ZooKeeperErrorName } from './errors.ts'

/**
 * org.apache.zookeeper.data.Stat. A zxid is a number: its upper half counts elections and stays far below 2^21.
 * Times are milliseconds since the epoch.
 */
export interface Stat {
  /** The transaction that created the node. */
  readonly czxid: number
  /** The transaction that last changed its data. */
  readonly mzxid: number
  readonly ctime: number
  readonly mtime: number
  /** Changes of the data, of the set of children, of the ACL. */
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  /** The session that an ephemeral node lives with, 0n for all others. */
  readonly ephemeralOwner: bigint
  readonly dataLength: number
  readonly numChildren: number
  /** The transaction that last added or removed a child. */
  readonly pzxid: number
}

/** A container goes when its last child has gone, a TTL node when it has neither changed nor had a child for that long. */
export type CreateMode =
  | 'persistent'
  | 'ephemeral'
  | 'persistent-sequential'
  | 'ephemeral-sequential'
  | 'container'
  | 'persistent-ttl'
  | 'persistent-sequential-ttl'

export function isSequentialMode(mode: CreateMode): boolean {
  return mode.includes('-sequential')
}

export function isEphemeralMode(mode: CreateMode): boolean {
  return mode.startsWith('ephemeral')
}

export function isTtlMode(mode: CreateMode): boolean {
  return mode.endsWith('-ttl')
}

export type WatchEventType = 'NodeCreated' | 'NodeDeleted' | 'NodeDataChanged' | 'NodeChildrenChanged'

export interface WatchEvent {
  readonly type: WatchEventType
  readonly path: string
}

/** A one-shot watcher is called at most once for each time it was registered. It must not throw. */
export type Watcher = (event: WatchEvent) => void

/** ZooDefs.AddWatchModes: neither is used up by an event. */
export type AddWatchMode = 'persistent' | 'persistent-recursive'
/** Watcher.WatcherType. */
export type WatcherType = 'children' | 'data' | 'any' | AddWatchMode

/** `auth-failed`: a server refused what was shown to it, which ends the session as expiry does. */
export type SessionState = 'connected' | 'disconnected' | 'expired' | 'auth-failed'

export interface CreateOptions {
  /** Default `persistent`. */
  readonly mode?: CreateMode
  /** Default: everything for everyone. */
  readonly acl?: readonly Acl[]
  /** For the TTL modes; at most 2^40 - 1. */
  readonly ttlMs?: number
}

/** One step of a multi. A version of -1, or none, means any. */
export type Op =
  | {
      readonly type: 'create'
      readonly path: string
      readonly data: Uint8Array | null
      readonly mode?: CreateMode
      readonly acl?: readonly Acl[]
      readonly ttlMs?: number
    }
  | { readonly type: 'delete'; readonly path: string; readonly version?: number }
  | {
      readonly type: 'setData'
      readonly path: string
      readonly data: Uint8Array | null
      readonly version?: number
    }
  | { readonly type: 'check'; readonly path: string; readonly version: number }

/**
 * Of a multi that failed, the steps before the failing one say 'OK', that one says why, the later ones say
 * RUNTIMEINCONSISTENCY. None of them was done.
 */
export type OpResult =
  | { readonly type: 'create'; readonly path: string; readonly stat: Stat }
  | { readonly type: 'delete' }
  | { readonly type: 'setData'; readonly stat: Stat }
  | { readonly type: 'check' }
  | { readonly type: 'error'; readonly code: ZooKeeperErrorName | 'OK' }

/** A multi of which nothing was done: code and path are those of the step that failed. */
export class ZooKeeperMultiError extends ZooKeeperError {
  readonly failedIndex: number
  readonly results: readonly OpResult[]

  constructor(zkCode: ZooKeeperErrorName, path: string, failedIndex: number, results: readonly OpResult[]) {
    super(zkCode, path, { message: `${zkCode} for ${path} (step ${failedIndex + 1} of ${results.length})` })
    this.failedIndex = failedIndex
    this.results = results
  }
}

/**
 * A session with the coordination service, in this process or over the network.
 *
 * Requests of one client are answered in the order they were made, reads see the writes made before them, and nothing
 * needs to be awaited in between. Each rejects with a {@link ZooKeeperError}; after `close` or expiry that is
 * SESSIONEXPIRED, and a CONNECTIONLOSS leaves open whether a write was done. The service keeps no reference to `data`
 * that was given, and what it hands out must not be changed.
 */
export interface ZooKeeperClient {
  readonly sessionId: bigint
  /** `path` of the answer differs from the request's for sequential modes: ten digits are appended. */
  create(
    path: string,
    data: Uint8Array | null,
    options?: CreateOptions,
  ): Promise<{ path: string; stat: Stat }>
  /** A version of -1, the default, means any. */
  delete(path: string, version?: number): Promise<void>
  /** Null when there is no node; the watcher then waits for its creation. */
  exists(path: string, watcher?: Watcher): Promise<Stat | null>
  /** The watcher is registered only when the node exists. */
  getData(path: string, watcher?: Watcher): Promise<{ data: Buffer | null; stat: Stat }>
  /** {@link getData} of many nodes, each with its answer or its error. Rejects when the session is over. */
  getDataOfAll(
    paths: readonly string[],
    watcher?: Watcher,
  ): Promise<({ data: Buffer | null; stat: Stat } | ZooKeeperError)[]>
  setData(path: string, data: Uint8Array | null, version?: number): Promise<Stat>
  /** Names without the parent's path, in no particular order. The watcher is registered only when the node exists. */
  getChildren(path: string, watcher?: Watcher): Promise<{ children: string[]; stat: Stat }>
  getAcl(path: string): Promise<{ acl: readonly Acl[]; stat: Stat }>
  setAcl(path: string, acl: readonly Acl[], version?: number): Promise<Stat>
  /** Resolves when reads see everything that was committed before the call. */
  sync(path: string): Promise<void>
  /** All or nothing, as one transaction. Rejects with a {@link ZooKeeperMultiError}. */
  multi(ops: readonly Op[]): Promise<OpResult[]>
  addWatch(path: string, mode: AddWatchMode, watcher: Watcher): Promise<void>
  /** Without `watcher`, all of this client's of that type. NOWATCHER when there is none. */
  removeWatches(path: string, type: WatcherType, watcher?: Watcher): Promise<void>
  onSessionEvent(listener: (state: SessionState) => void): void
  /** Ends the session: its ephemeral nodes are gone when this resolves. A second call does nothing. */
  close(): Promise<void>
}
