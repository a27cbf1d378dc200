import type { Clock } from '../base/clock.ts'
import { KcliError } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import { DIGEST_VERSION } from './data-node.ts'
import { DataTree, type TreeEvent, type TxnResult } from './data-tree.ts'
import { listZxidFiles, type ZxidFile, zxidFileName } from './file-names.ts'
import { JuteError } from './jute.ts'
import type { LogEntry } from './records.ts'
import { encodeSnapshot, readSnapshotFile, UNFINISHED_SNAPSHOT, writeSnapshotFile } from './snapshot.ts'
import { readLogFile, TxnLog } from './txn-log.ts'

/** Transactions after which a snapshot is taken and a new log begun (ZooKeeper's snapCount). */
const SNAPSHOT_EVERY_TXNS = 100_000
/** On a clean close a snapshot is taken when replaying would slow the next start: after so many transactions or logs. */
const SNAPSHOT_ON_CLOSE_TXNS = 1000
const SNAPSHOT_ON_CLOSE_LOGS = 16
/** autopurge.snapRetainCount. */
const SNAPSHOTS_KEPT = 3

export interface DatabaseOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  /** Holds `version-2/`. */
  readonly dataDir: string
  /** Holds a `version-2/` for the transaction logs. Default: `dataDir`. */
  readonly dataLogDir?: string
  readonly forceSync: boolean
  /** After each snapshot older ones go, and logs that none of those needs. Infinity: nothing goes. Default 3. */
  readonly snapshotsKept?: number
  /** For tests. */
  readonly snapshotEveryTxns?: number
}

/** The directory is damaged or not ours to understand. Nothing was changed in it. */
export class ZooKeeperDataError extends KcliError {
  constructor(message: string, cause?: unknown) {
    super('KCLI_ZOOKEEPER_DATA', message, {
      hint: 'Restore the directory from a copy, or remove it to start with an empty tree.',
      ...(cause === undefined ? {} : { cause }),
    })
  }
}

/** The tree and the sessions in memory, and their log and snapshots on disk (ZKDatabase, FileTxnSnapLog). */
export class Database {
  readonly tree: DataTree
  /** Timeouts in milliseconds by session id. */
  readonly sessions: Map<bigint, number>
  private readonly options: DatabaseOptions
  private readonly directory: string
  private readonly logDirectory: string
  private readonly log: TxnLog
  private txnsSinceSnapshot: number
  private logsSinceSnapshot: number
  private snapshotUnderWay: Promise<void> | undefined

  private constructor(options: DatabaseOptions, directory: string, logDirectory: string, loaded: Loaded) {
    this.options = options
    this.directory = directory
    this.logDirectory = logDirectory
    this.tree = loaded.tree
    this.sessions = loaded.sessions
    this.txnsSinceSnapshot = loaded.replayedTxns
    this.logsSinceSnapshot = loaded.replayedLogs
    this.log = new TxnLog(options.fs, logDirectory, { forceSync: options.forceSync })
  }

  /** Throws {@link ZooKeeperDataError}, and the system's errors. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { fs, dataDir, dataLogDir = dataDir } = options
    const directory = `${dataDir}/version-2`
    const logDirectory = `${dataLogDir}/version-2`
    fs.mkdirSync(directory)
    if (logDirectory !== directory) {
      fs.mkdirSync(logDirectory)
      requireNoStrays(fs, directory, logDirectory)
    }
    fs.removeSync(`${directory}/${UNFINISHED_SNAPSHOT}`)
    const loaded = load(fs, directory, options.logger, logDirectory)
    const database = new Database(options, directory, logDirectory, loaded)
    // ZooKeeper takes logs without any snapshot for a sign that one was lost. What a log holds that nobody closed may be in
    // memory only, and the next log begins behind it: a power failure would leave a gap.
    const isUnsafe = options.forceSync && loaded.replayedTxns > 0 && !loaded.isClosed
    if (!loaded.hasSnapshot || isUnsafe) await database.takeSnapshot()
    return database
  }

  get nextZxid(): number {
    return this.tree.lastZxid + 1
  }

  /** The entries must be in the order of their zxids. Resolves when they are as safe as `forceSync` says. */
  async append(firstZxid: number, entries: readonly Buffer[]): Promise<void> {
    await this.log.append(firstZxid, entries)
  }

  apply(entry: LogEntry, events: TreeEvent[]): TxnResult {
    this.txnsSinceSnapshot++
    return applyEntry(this.tree, this.sessions, entry, events)
  }

  /** Between two appends: begins a new log and a snapshot, if it is time to. */
  rollIfDue(): void {
    const limit = this.options.snapshotEveryTxns ?? SNAPSHOT_EVERY_TXNS
    if (this.txnsSinceSnapshot < limit || this.snapshotUnderWay !== undefined) return
    this.log.roll()
    const { clock, logger } = this.options
    const pause = () => new Promise<void>((resolve) => clock.defer(resolve))
    this.snapshotUnderWay = this.takeSnapshot(pause)
      // The log has everything; a snapshot only makes the next start faster.
      .catch((error) => logger.error('could not write a snapshot', error))
      .finally(() => {
        this.snapshotUnderWay = undefined
      })
  }

  async close(): Promise<void> {
    await this.snapshotUnderWay
    this.log.roll()
    const isDue =
      this.txnsSinceSnapshot >= SNAPSHOT_ON_CLOSE_TXNS || this.logsSinceSnapshot >= SNAPSHOT_ON_CLOSE_LOGS
    if (isDue) await this.takeSnapshot()
  }

  /** After a failed write: leaves everything for the next open to sort out. */
  abandon(): void {
    this.log.abandon()
  }

  private async takeSnapshot(pause?: () => Promise<void>): Promise<void> {
    const { fs, forceSync } = this.options
    const name = zxidFileName('snapshot', this.tree.lastZxid)
    this.txnsSinceSnapshot = 0
    this.logsSinceSnapshot = 0
    const chunks = encodeSnapshot(this.tree, this.sessions)
    await writeSnapshotFile(fs, this.directory, name, chunks, { sync: forceSync, ...(pause && { pause }) })
    this.purge()
  }

  /** Keeps the newest snapshots, and all logs that the oldest of them needs. */
  private purge(): void {
    const { fs, snapshotsKept = SNAPSHOTS_KEPT } = this.options
    const snapshots = listZxidFiles(fs, this.directory, 'snapshot')
    const oldestKept = snapshots.at(-snapshotsKept)
    if (oldestKept === undefined) return
    for (const each of snapshots)
      if (each.zxid < oldestKept.zxid) fs.unlinkSync(`${this.directory}/${each.name}`)
    const logs = listZxidFiles(fs, this.logDirectory, 'log')
    const firstKept = firstLogFor(logs, oldestKept.zxid)
    for (const each of logs.slice(0, firstKept)) fs.unlinkSync(`${this.logDirectory}/${each.name}`)
  }
}

/**
 * The tree as the files have it, for looking only: nothing is made, removed or cut, and a tail that is being written is
 * not seen. `snapshotDir` and `logDir` hold a `version-2/` each and are mostly one. Throws {@link ZooKeeperDataError}.
 */
export function readTree(
  fs: FileSystem,
  dirs: { snapshotDir: string; logDir: string },
  logger: Logger,
): DataTree {
  return load(fs, `${dirs.snapshotDir}/version-2`, logger, `${dirs.logDir}/version-2`).tree
}

/** Files from before the directories were divided would be passed over (FileTxnSnapLog.checkLogDir, checkSnapDir). */
function requireNoStrays(fs: FileSystem, directory: string, logDirectory: string): void {
  if (listZxidFiles(fs, directory, 'log').length > 0)
    throw new ZooKeeperDataError(
      `there are transaction logs in ${directory}, beside those in ${logDirectory}`,
    )
  if (listZxidFiles(fs, logDirectory, 'snapshot').length > 0)
    throw new ZooKeeperDataError(`there are snapshots in ${logDirectory}, beside those in ${directory}`)
}

interface Loaded {
  readonly tree: DataTree
  readonly sessions: Map<bigint, number>
  readonly hasSnapshot: boolean
  readonly replayedTxns: number
  readonly replayedLogs: number
  /** The last log was closed in order, so that all of it is on the disk. */
  readonly isClosed: boolean
}

function load(fs: FileSystem, directory: string, logger: Logger, logDirectory = directory): Loaded {
  const start = loadNewestSnapshot(fs, directory, logger, logDirectory)
  const { tree, sessions } = start
  const logs = listZxidFiles(fs, logDirectory, 'log')
  const needed = logs.slice(firstLogFor(logs, tree.lastZxid))
  let replayedTxns = 0
  let isClosed = true
  for (const { name } of needed) {
    const replayed = replayLog(fs, `${logDirectory}/${name}`, start, logger)
    replayedTxns += replayed.txns
    isClosed = replayed.isClosed
  }
  const { hasSnapshot } = start
  return { tree, sessions, hasSnapshot, replayedTxns, replayedLogs: needed.length, isClosed }
}

/** The last log that begins at or before the transaction after `zxid`: it may go on beyond it. */
function firstLogFor(logs: readonly ZxidFile[], zxid: number): number {
  let first = 0
  for (const [index, log] of logs.entries()) if (log.zxid <= zxid + 1) first = index
  return first
}

interface LoadState {
  readonly tree: DataTree
  readonly sessions: Map<bigint, number>
  readonly hasSnapshot: boolean
  /** Up to here the tree may be ahead of the log, and digests say nothing. */
  readonly comparableFrom: number
}

function loadNewestSnapshot(
  fs: FileSystem,
  directory: string,
  logger: Logger,
  logDirectory: string,
): LoadState {
  const files = listZxidFiles(fs, directory, 'snapshot').reverse()
  for (const { name, zxid } of files) {
    try {
      const { tree, sessions, digest } = readSnapshotFile(fs, `${directory}/${name}`)
      tree.lastZxid = zxid
      // Otherwise it is that of a later state, or there is none.
      const sum =
        digest?.zxid === zxid && digest.version === DIGEST_VERSION ? Number(digest.digest) : undefined
      if (sum !== undefined && zxid > 0 && Number.isSafeInteger(sum)) tree.trustDigest(sum)
      return { tree, sessions, hasSnapshot: true, comparableFrom: digest?.zxid ?? zxid }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      logger.warn(`${directory}/${name} is not usable: ${error.message}`)
    }
  }
  if (files.length > 0) throw new ZooKeeperDataError(`no snapshot in ${directory} is whole`)
  if (hasEntries(fs, logDirectory)) throw new ZooKeeperDataError(`${logDirectory} has logs but no snapshot`)
  return { tree: DataTree.initial(), sessions: new Map(), hasSnapshot: false, comparableFrom: 0 }
}

function hasEntries(fs: FileSystem, directory: string): boolean {
  for (const { name } of listZxidFiles(fs, directory, 'log')) {
    for (const _ of readLogFile(fs, `${directory}/${name}`)) return true
  }
  return false
}

function replayLog(
  fs: FileSystem,
  path: string,
  state: LoadState,
  logger: Logger,
): { readonly txns: number; readonly isClosed: boolean } {
  const { tree, sessions, comparableFrom } = state
  const entries = readLogFile(fs, path)
  let txns = 0
  let last: LogEntry | undefined
  let next: IteratorResult<LogEntry, boolean>
  try {
    for (next = entries.next(); !next.done; next = entries.next()) {
      const { zxid } = next.value.header
      if (zxid <= tree.lastZxid) continue
      checkNoGap(path, tree.lastZxid, zxid)
      applyEntry(tree, sessions, next.value, [])
      txns++
      last = next.value
    }
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
    throw new ZooKeeperDataError(`${path} is damaged: ${error.message}`, error)
  }
  const digest = last?.digest
  if (
    last !== undefined &&
    digest?.version === DIGEST_VERSION &&
    last.header.zxid > comparableFrom &&
    digest.treeDigest !== BigInt(tree.digest)
  )
    logger.warn(`${path}: at its end the tree is not what it was`)
  return { txns, isClosed: next.value }
}

/** Within an epoch every number is used; after an election the count begins anew. */
function checkNoGap(path: string, lastZxid: number, zxid: number): void {
  const isNextEpoch = Math.floor(zxid / 2 ** 32) > Math.floor(lastZxid / 2 ** 32)
  if (zxid === lastZxid + 1 || isNextEpoch) return
  const missing = `0x${(lastZxid + 1).toString(16)} to 0x${(zxid - 1).toString(16)}`
  throw new ZooKeeperDataError(`the transactions ${missing} before those in ${path} are missing`)
}

function applyEntry(
  tree: DataTree,
  sessions: Map<bigint, number>,
  { header, txn }: LogEntry,
  events: TreeEvent[],
): TxnResult {
  if (txn.kind === 'createSession') sessions.set(header.clientId, txn.timeoutMs)
  else if (txn.kind === 'closeSession') sessions.delete(header.clientId)
  return tree.apply(header, txn, events)
}
