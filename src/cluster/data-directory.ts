import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import {
  type BrokerPlace,
  decodeLayout,
  defaultLogDir,
  encodeLayout,
  grownTo,
  LAYOUT_FILE,
  LayoutError,
  UnknownLayoutError,
} from '../base/broker-layout.ts'
import { KcliError, messageOf, systemErrorCode } from '../base/errors.ts'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
import { makePrivateDirectorySync } from '../base/private-directory.ts'

/**
 * A local data directory:
 *
 *     kcli.json              what kind of directory this is: its brokers and where their logs are (`base/broker-layout.ts`)
 *     .lock                  held by the process that serves the directory
 *     server.json            who that is, for people and for `cluster stop`
 *     broker-N.sock          where the others reach broker N
 *     zookeeper.sock         where they reach the coordination service
 *     control.sock           where a server is told to kill a broker, to stop one, to cut one off
 *     broker-N/              the log directory of broker N, in Apache Kafka's layout; an imported one may be elsewhere
 *     zookeeper/version-2/   the coordination service's log and snapshots, in ZooKeeper's layout
 */
export const DEFAULT_BROKER_COUNT = 3

/** Linux and macOS differ; the smaller one counts everywhere, and the final zero byte is in it. */
const MAX_SOCKET_PATH_BYTES = 103

/** The directory cannot be used as it is. */
export class DataDirectoryError extends KcliError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('KCLI_DATA_DIR', message, options)
  }
}

/** Who serves the directory at the moment. Written for others to read; the lock decides, not this. */
export interface ServerInfo {
  readonly pid: number
  /** A `server` stays until it is stopped, a `command` ends by itself. */
  readonly kind: 'server' | 'command'
  /** `HOST:PORT` of its brokers, if it listens on TCP. */
  readonly addresses: readonly string[]
  readonly startedMs: number
  /** Brokers that were killed and not started again: nobody is about to open their sockets. */
  readonly down?: readonly number[]
}

export class DataDirectory {
  readonly path: string
  private readonly fs: FileSystem

  constructor(fs: FileSystem, directory: string) {
    this.fs = fs
    this.path = path.resolve(directory)
  }

  get lockFile(): string {
    return path.join(this.path, '.lock')
  }

  get zookeeperDir(): string {
    return path.join(this.path, 'zookeeper')
  }

  /** Where a broker's logs are, unless `kcli.json` says something else. */
  brokerDir(id: number): string {
    return defaultLogDir(this.path, id)
  }

  /** In the directory, or, where that name would be too long for a socket, in a private one under the temporary files. */
  socketPath(place: string): string {
    const inside = path.join(this.path, `${place}.sock`)
    if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside
    const name = createHash('sha256').update(this.path).digest('hex').slice(0, 16)
    return path.join(os.tmpdir(), `kcli-${os.userInfo().uid}-${name}`, `${place}.sock`)
  }

  /** To be listened at: whoever left a socket behind is gone, as we hold the lock. A folder outside is for this user only. */
  clearedSocket(place: string): string {
    const socket = this.socketPath(place)
    const folder = path.dirname(socket)
    if (folder !== this.path) makePrivateDirectorySync(folder)
    this.fs.removeSync(socket)
    return socket
  }

  exists(): boolean {
    return this.fs.existsSync(this.layoutFile)
  }

  /** Makes the directory if need be and checks that it is one of ours. Gives its brokers, in the order of their ids. */
  prepare(brokerCount?: number, firstId?: number): readonly BrokerPlace[] {
    this.make()
    const stored = this.readLayout()
    if (stored !== undefined && brokerCount !== undefined && brokerCount < stored.length) {
      throw new DataDirectoryError(
        `${this.path} has ${stored.length} brokers and cannot be started with ${brokerCount}`,
        {
          hint: `Start it with --brokers ${stored.length} or more, or use another directory.`,
        },
      )
    }
    const count = brokerCount ?? stored?.length ?? DEFAULT_BROKER_COUNT
    if (firstId !== undefined && stored !== undefined && stored[0]?.id !== firstId) {
      throw new DataDirectoryError(
        `${this.path} belongs to broker ${stored[0]?.id}, not to broker ${firstId}`,
        {
          hint: 'Name another folder with --data-dir: each broker has its own.',
        },
      )
    }
    const brokers = grownTo(this.path, stored ?? [], count, firstId)
    if (stored?.length !== count) this.writeLayout(brokers)
    return brokers
  }

  /** Makes the directory if need be; throws when there is anything in it. */
  requireEmpty(): void {
    this.make()
    if (this.readLayout() === undefined) return
    throw new DataDirectoryError(`${this.path} is a kcli data directory already`, {
      hint: 'Name a new folder with --data-dir.',
    })
  }

  private make(): void {
    try {
      this.fs.mkdirSync(this.path)
    } catch (error) {
      throw new DataDirectoryError(`cannot make the data directory ${this.path}: ${reasonOf(error)}`, {
        hint: 'Choose another one with --data-dir or KCLI_DATA_DIR.',
        cause: error,
      })
    }
  }

  /** Throws {@link DataDirectoryError} when something else is there, or another version's; what is not there is fine. */
  check(): void {
    try {
      if (this.fs.existsSync(this.path)) this.readLayout()
    } catch (error) {
      if (error instanceof KcliError) throw error
      throw new DataDirectoryError(`cannot use ${this.path} as a data directory: ${reasonOf(error)}`, {
        hint: 'Choose another one with --data-dir or KCLI_DATA_DIR.',
        cause: error,
      })
    }
  }

  /** In the order of their ids; those that a new directory would get when it is not there yet. */
  get brokers(): readonly BrokerPlace[] {
    return this.readLayout() ?? grownTo(this.path, [], DEFAULT_BROKER_COUNT)
  }

  readServerInfo(): ServerInfo | undefined {
    try {
      return JSON.parse(this.fs.readFileSync(this.serverFile).toString('utf8')) as ServerInfo
    } catch {
      // Missing, or half-written by a process that was killed: nobody is known.
      return undefined
    }
  }

  writeServerInfo(info: ServerInfo): void {
    replaceFileSync(this.fs, this.serverFile, Buffer.from(`${JSON.stringify(info)}\n`), false)
  }

  removeServerInfo(): void {
    this.fs.removeSync(this.serverFile)
  }

  private get layoutFile(): string {
    return path.join(this.path, LAYOUT_FILE)
  }

  private get serverFile(): string {
    return path.join(this.path, 'server.json')
  }

  private readLayout(): readonly BrokerPlace[] | undefined {
    if (!this.fs.existsSync(this.layoutFile)) {
      this.refuseForeign()
      return undefined
    }
    try {
      return decodeLayout(this.path, this.fs.readFileSync(this.layoutFile).toString('utf8'))
    } catch (error) {
      if (error instanceof LayoutError)
        throw new DataDirectoryError(`${this.layoutFile} is damaged: ${error.message}`)
      if (error instanceof UnknownLayoutError) throw error
      throw new DataDirectoryError(`${this.layoutFile} cannot be read: ${reasonOf(error)}`, { cause: error })
    }
  }

  /** Says which brokers there are; from then on the directory is one of ours. */
  writeLayout(brokers: readonly BrokerPlace[]): void {
    try {
      const text = encodeLayout(this.path, brokers)
      replaceFileSync(this.fs, this.layoutFile, Buffer.from(text), false)
    } catch (error) {
      throw new DataDirectoryError(`cannot write to the data directory ${this.path}: ${reasonOf(error)}`, {
        hint: 'Make it writable, or choose another one with --data-dir or KCLI_DATA_DIR.',
        cause: error,
      })
    }
  }

  /** A directory with files in it that is not ours is left alone: a misspelt path must not fill somebody's home. */
  private refuseForeign(): void {
    const names = this.fs.existsSync(this.path) ? this.fs.readdirSync(this.path) : []
    if (names.includes('meta.properties')) {
      throw new DataDirectoryError(
        `${this.path} is the log directory of an Apache Kafka broker, not a kcli data directory`,
        {
          hint: 'Take it over into a directory of kcli with: kcli cluster import, or name another folder with --data-dir.',
        },
      )
    }
    const foreign = names.filter(
      (name) => !name.startsWith('.') && !name.startsWith('kcli.json') && name !== 'lost+found',
    )
    if (foreign.length > 0) {
      throw new DataDirectoryError(`${this.path} is not a kcli data directory and is not empty`, {
        hint: 'Give an empty or a new directory with --data-dir.',
      })
    }
  }
}

/** A disk that is full or read-only can fail any of the files that a cluster writes. */
export function cannotRun(directory: DataDirectory, cause: unknown): DataDirectoryError {
  const code = systemErrorCode(cause)
  return new DataDirectoryError(`cannot run the local cluster in ${directory.path}: ${reasonOf(cause)}`, {
    hint:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'Make room, then try again: what was acknowledged is safe.'
        : 'Put that right, or choose another folder with --data-dir or KCLI_DATA_DIR.',
    cause,
  })
}

/** Why the file system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  if (code === 'EROFS') return 'the file system is read-only'
  if (code === 'ENOSPC') return 'the disk is full'
  if (code === 'EDQUOT') return 'your share of the disk is used up'
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many files are open'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a file is in the way'
  return messageOf(error)
}
