import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { KcliError, messageOf, systemErrorCode } from '../base/errors.ts'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'

/**
 * A local data directory:
 *
 *     kcli.json              what kind of directory this is: layout version and number of brokers
 *     .lock                  held by the process that serves the directory
 *     server.json            who that is, for people and for `cluster stop`
 *     broker-N.sock          where the others reach broker N
 *     broker-N/              the log directory of broker N, in Apache Kafka's layout
 *     zookeeper/version-2/   the coordination service's log and snapshots, in ZooKeeper's layout
 */
const LAYOUT_VERSION = 1

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

  brokerDir(id: number): string {
    return path.join(this.path, `broker-${id}`)
  }

  /** In the directory, or, where that name would be too long for a socket, in a private one under the temporary files. */
  socketPath(id: number): string {
    const inside = path.join(this.path, `broker-${id}.sock`)
    if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside
    const name = createHash('sha256').update(this.path).digest('hex').slice(0, 16)
    return path.join(os.tmpdir(), `kcli-${os.userInfo().uid}-${name}`, `${id}.sock`)
  }

  exists(): boolean {
    return this.fs.existsSync(this.layoutFile)
  }

  /** Makes the directory if need be and checks that it is one of ours. Gives the number of its brokers. */
  prepare(brokerCount: number | undefined): number {
    try {
      this.fs.mkdirSync(this.path)
    } catch (error) {
      throw new DataDirectoryError(`cannot make the data directory ${this.path}: ${reasonOf(error)}`, {
        hint: 'Choose another one with --data-dir or KCLI_DATA_DIR.',
        cause: error,
      })
    }
    const stored = this.readLayout()
    if (stored !== undefined && brokerCount !== undefined && brokerCount < stored) {
      throw new DataDirectoryError(
        `${this.path} has ${stored} brokers and cannot be started with ${brokerCount}`,
        {
          hint: `Start it with --brokers ${stored} or more, or use another directory.`,
        },
      )
    }
    const count = brokerCount ?? stored ?? DEFAULT_BROKER_COUNT
    if (count !== stored) this.writeLayout(count)
    return count
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

  get brokerCount(): number {
    return this.readLayout() ?? DEFAULT_BROKER_COUNT
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
    return path.join(this.path, 'kcli.json')
  }

  private get serverFile(): string {
    return path.join(this.path, 'server.json')
  }

  private readLayout(): number | undefined {
    if (!this.fs.existsSync(this.layoutFile)) {
      this.refuseForeign()
      return undefined
    }
    const layout = this.parseLayout()
    if (layout.version !== LAYOUT_VERSION) {
      throw new DataDirectoryError(
        `${this.path} has layout version ${String(layout.version)}; this kcli knows version ${LAYOUT_VERSION}`,
        {
          hint: 'Use the version of kcli that made it, or another directory.',
        },
      )
    }
    if (!Number.isSafeInteger(layout.brokers) || layout.brokers < 1) {
      throw new DataDirectoryError(
        `${this.layoutFile} is damaged: it names ${String(layout.brokers)} brokers`,
      )
    }
    return layout.brokers
  }

  private parseLayout(): { version: unknown; brokers: number } {
    try {
      return JSON.parse(this.fs.readFileSync(this.layoutFile).toString('utf8')) as {
        version: unknown
        brokers: number
      }
    } catch (error) {
      throw new DataDirectoryError(`${this.layoutFile} cannot be read: ${reasonOf(error)}`, { cause: error })
    }
  }

  private writeLayout(brokers: number): void {
    try {
      const text = `${JSON.stringify({ version: LAYOUT_VERSION, brokers })}\n`
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
          hint: 'Give kcli a directory of its own with --data-dir.',
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
