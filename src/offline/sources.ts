import path from 'node:path'
import { brokersNamedIn, LAYOUT_FILE } from '../base/broker-layout.ts'
import { KcliError, systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import {
  META_PROPERTIES,
  offsetOfFileName,
  parsePartitionDirName,
  readMetaEntries,
} from '../storage/index.ts'

/** The directories cannot be read as Kafka's. */
export class OfflineError extends KcliError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('KCLI_OFFLINE', message, { hint, cause })
  }
}

/** One of a broker's `log.dirs`. */
export interface LogDirectory {
  readonly path: string
  readonly brokerId: number
  /** From meta.properties. */
  readonly clusterId: string | undefined
}

/** What was found below the directories that were named. */
export interface Sources {
  readonly logDirs: readonly LogDirectory[]
  /** Each holds a `version-2/`: ZooKeeper's dataDir, and its dataLogDir where that is another. */
  readonly zookeeperDirs: readonly string[]
  /** The process that serves the directory, as far as it says so (server.json of a kcli data directory). */
  readonly serverPid: number | undefined
}

const KCLI_SERVER_FILE = 'server.json'
const CHECKPOINT = /^(recovery-point|log-start|replication|cleaner)-offset-checkpoint$/
const HINT =
  "Name a kcli data directory, or the log.dirs of Apache Kafka brokers, with ZooKeeper's dataDir if you have it: --data-dir DIR,DIR."

/** Looks at the directories in `text`: one, or several with commas between. */
export function findSources(fs: FileSystem, text: string, logger: Logger): Sources {
  const finder = new Finder(fs, logger)
  for (const directory of splitDirectories(fs, text)) finder.add(directory)
  return finder.sources()
}

/** A path that has a comma itself stands for itself. */
function splitDirectories(fs: FileSystem, text: string): string[] {
  if (fs.existsSync(path.resolve(text))) return [path.resolve(text)]
  const words = text.split(',').map((word) => word.trim())
  return words.filter((word) => word !== '').map((word) => path.resolve(word))
}

class Finder {
  private readonly fs: FileSystem
  private readonly logger: Logger
  private readonly logDirs: { path: string; brokerId: number | undefined; clusterId: string | undefined }[] =
    []
  private readonly zookeeperDirs: string[] = []
  private serverPid: number | undefined

  constructor(fs: FileSystem, logger: Logger) {
    this.fs = fs
    this.logger = logger
  }

  add(directory: string): void {
    const names = this.list(directory)
    if (names.includes(LAYOUT_FILE)) {
      this.addKcli(directory, names)
      return
    }
    const isZooKeeper = names.includes('version-2')
    const isLogDir = names.some((name) => name === META_PROPERTIES || CHECKPOINT.test(name))
    if (isZooKeeper) this.zookeeperDirs.push(directory)
    if (isLogDir || (!isZooKeeper && names.some((name) => this.isPartitionDir(directory, name)))) {
      this.addLogDir(directory)
    } else if (!isZooKeeper) throw this.nothingIn(directory, names)
  }

  sources(): Sources {
    if (this.logDirs.length === 0) {
      throw new OfflineError('there is no log directory among the directories named', HINT)
    }
    const clusters = new Set(this.logDirs.flatMap(({ clusterId }) => clusterId ?? []))
    if (clusters.size > 1) {
      throw new OfflineError(
        `the directories belong to different clusters: ${[...clusters].join(', ')}`,
        'Name those of one cluster; cluster.id in meta.properties says which is whose.',
      )
    }
    const used = new Set(this.logDirs.map(({ brokerId }) => brokerId))
    let free = 0
    const idOf = (known: number | undefined, directory: string) => {
      if (known !== undefined) return known
      while (used.has(free)) free++
      used.add(free)
      this.logger.warn(
        `${directory} does not say whose it is (no broker.id in meta.properties): called broker ${free}`,
      )
      return free
    }
    return {
      logDirs: this.logDirs.map((dir) => ({ ...dir, brokerId: idOf(dir.brokerId, dir.path) })),
      zookeeperDirs: this.zookeeperDirs,
      serverPid: this.serverPid,
    }
  }

  private list(directory: string): string[] {
    try {
      return this.fs.readdirSync(directory)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT') throw new OfflineError(`there is no directory ${directory}`, HINT, error)
      if (code === 'ENOTDIR') throw new OfflineError(`${directory} is not a directory`, HINT, error)
      throw error
    }
  }

  private nothingIn(directory: string, names: readonly string[]): OfflineError {
    if (names.length === 0) return new OfflineError(`${directory} is empty: there is nothing to read`, HINT)
    return new OfflineError(`${directory} is no data directory: it has neither log files nor znodes`, HINT)
  }

  private addKcli(directory: string, names: readonly string[]): void {
    const ids = new Map<string, number>()
    for (const name of names) {
      const id = /^broker-(\d{1,10})$/.exec(name)?.[1]
      if (id !== undefined) ids.set(path.join(directory, name), Number(id))
    }
    // Those of an imported cluster may have other names, and be elsewhere. A damaged file is no reason not to look on.
    for (const { id, logDirs } of brokersNamedIn(this.fs, directory))
      for (const logDir of logDirs) if (this.fs.existsSync(logDir)) ids.set(logDir, id)
    for (const [logDir, id] of ids) this.addLogDir(logDir, id)
    const zookeeperDir = path.join(directory, 'zookeeper')
    if (this.fs.existsSync(path.join(zookeeperDir, 'version-2'))) this.zookeeperDirs.push(zookeeperDir)
    if (this.logDirs.length === 0) {
      throw new OfflineError(`${directory} has no broker yet: there is nothing to read`, HINT)
    }
    const server = this.readJson(path.join(directory, KCLI_SERVER_FILE))
    if (typeof server?.pid === 'number') this.serverPid = server.pid
  }

  private readJson(file: string): Record<string, unknown> | undefined {
    try {
      return JSON.parse(this.fs.readFileSync(file).toString('utf8')) as Record<string, unknown>
    } catch {
      return undefined
    }
  }

  private addLogDir(directory: string, idOfName?: number): void {
    const entries = readMetaEntries(this.fs, directory)
    // Kafka in KRaft mode has the same logs, and another name for the broker.
    const id = entries?.get('broker.id') ?? entries?.get('node.id')
    const brokerId = id !== undefined && /^\d{1,10}$/.test(id) ? Number(id) : idOfName
    this.logDirs.push({ path: directory, brokerId, clusterId: entries?.get('cluster.id') })
  }

  /** The name alone says too little: a folder `work-1` can be anything. */
  private isPartitionDir(directory: string, name: string): boolean {
    if (parsePartitionDirName(name) === undefined) return false
    const child = path.join(directory, name)
    if (this.fs.statSync(child)?.isDirectory !== true) return false
    return this.fs.readdirSync(child).some((file) => offsetOfFileName(file) !== undefined)
  }
}
