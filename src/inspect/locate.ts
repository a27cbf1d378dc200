import path from 'node:path'
import { brokersNamedIn, LAYOUT_FILE } from '../base/broker-layout.ts'
import { KcliError } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import {
  offsetOfFileName,
  parsePartitionDirName,
  parseSpecialDirName,
  type TopicPartition,
} from '../storage/index.ts'
import { expandGlob, isGlob, nameMatcher } from './glob.ts'

/** What a file of a log directory is, by its name alone. */
export type FileKind =
  | 'log'
  | 'index'
  | 'timeindex'
  | 'txnindex'
  | 'snapshot'
  | 'leader-epoch-checkpoint'
  | 'partition.metadata'
  | 'recovery-point-offset-checkpoint'
  | 'replication-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'cleaner-offset-checkpoint'
  | 'meta.properties'
  | '.kafka_cleanshutdown'
  /** Anything else, such as `.lock`, or what Kafka would not have put there. */
  | 'other'

/** One file of a log, and what its path says about it. */
export interface LocatedFile {
  readonly path: string
  readonly name: string
  readonly kind: FileKind
  /** From the name; undefined for files that have none in it. */
  readonly baseOffset?: number
  /** `.deleted` waits for its removal; `.cleaned` and `.swap` belong to a compaction under way. */
  readonly mark?: 'deleted' | 'cleaned' | 'swap'
  /** The directory of the partition, for files that lie in one. */
  readonly partitionDir?: PartitionDir
  /** The log directory (one of Kafka's `log.dirs`); of a single file, two folders up. */
  readonly logDir?: string
  /** From the name of the folder (`broker-1`) or its meta.properties. */
  readonly brokerId?: number
}

export interface PartitionDir extends TopicPartition {
  readonly path: string
  readonly logDir: string
  readonly brokerId?: number
  /** Only some of its files were asked for. */
  readonly isPartial?: boolean
  /** Deleted, on its way from another log directory, or one that no broker knows of. */
  readonly mark?: 'delete' | 'future' | 'stray'
}

export interface LocateOptions {
  /** Files, directories, globs, `TOPIC-N`, `TOPIC`. None: everything in `dataDir`. */
  readonly names: readonly string[]
  /** A kcli data directory, a log directory of Kafka, or several with commas between. */
  readonly dataDir: string
  /** Only this broker's. */
  readonly brokerId?: number | undefined
}

export interface Located {
  /** By broker, log directory, partition and offset. */
  readonly files: readonly LocatedFile[]
  /** Also those without any file. */
  readonly partitionDirs: readonly PartitionDir[]
  /** The log directories that were asked for as a whole; the others only in part. */
  readonly wholeLogDirs: readonly string[]
}

/** What was asked for is not there. */
export class LocateError extends KcliError {
  constructor(message: string, hint: string) {
    super('KCLI_NO_SUCH_LOG', message, { hint })
  }
}

const BY_NAME: Readonly<Record<string, FileKind>> = {
  'leader-epoch-checkpoint': 'leader-epoch-checkpoint',
  'partition.metadata': 'partition.metadata',
  'recovery-point-offset-checkpoint': 'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint': 'replication-offset-checkpoint',
  'log-start-offset-checkpoint': 'log-start-offset-checkpoint',
  'cleaner-offset-checkpoint': 'cleaner-offset-checkpoint',
  'meta.properties': 'meta.properties',
  '.kafka_cleanshutdown': '.kafka_cleanshutdown',
}
const BY_SUFFIX = /^\d{20}\.(log|index|timeindex|txnindex|snapshot)(?:\.(deleted|cleaned|swap))?$/
const LOG_DIR_FILE = /^(meta\.properties|\.kafka_cleanshutdown|[a-z-]+-offset-checkpoint)$/
export const PARTITION_FILE = /^(\d{20}\..+|leader-epoch-checkpoint|partition\.metadata)$/

/** Finds log files by what people type. Reads names only, and the few lines of meta.properties; nothing is changed. */
export function locate(fs: FileSystem, options: LocateOptions): Located {
  return new Locator(fs, options).run()
}

/** `00000000000000000042.timeindex.deleted` gives timeindex, 42 and deleted. */
export function describeFileName(name: string): Pick<LocatedFile, 'name' | 'kind' | 'baseOffset' | 'mark'> {
  const [, suffix, mark] = BY_SUFFIX.exec(name) ?? []
  const baseOffset = suffix === undefined ? undefined : offsetOfFileName(name)
  if (baseOffset === undefined) return { name, kind: BY_NAME[name] ?? 'other' }
  return {
    name,
    kind: suffix as FileKind,
    baseOffset,
    ...(mark !== undefined && { mark: mark as 'deleted' | 'cleaned' | 'swap' }),
  }
}

class Locator {
  private readonly fs: FileSystem
  private readonly options: LocateOptions
  private readonly files = new Map<string, LocatedFile>()
  private readonly partitionDirs = new Map<string, PartitionDir>()
  private readonly wholeLogDirs = new Set<string>()
  private readonly brokerIds = new Map<string, number | undefined>()

  constructor(fs: FileSystem, options: LocateOptions) {
    this.fs = fs
    this.options = options
  }

  run(): Located {
    const { names } = this.options
    if (names.length === 0) for (const directory of this.dataDirs()) this.addPath(directory)
    for (const name of names) this.addName(name)
    const { brokerId } = this.options
    const isWanted = (found: { brokerId?: number }) => brokerId === undefined || found.brokerId === brokerId
    const partitionDirs = [...this.partitionDirs.values()].filter(isWanted).sort(comparePartitionDirs)
    const files = [...this.files.values()].filter(isWanted).sort(compareFiles)
    if (brokerId !== undefined && files.length === 0 && partitionDirs.length === 0) {
      throw new LocateError(
        `there are no files of broker ${brokerId}`,
        'The number is that of a broker-N folder, or broker.id in meta.properties.',
      )
    }
    const wholeLogDirs = [...this.wholeLogDirs].filter((logDir) => isWanted(this.brokerOf(logDir)))
    return { files, partitionDirs, wholeLogDirs }
  }

  private addName(name: string): void {
    const paths = this.pathsOf(name)
    const found = paths.filter((one) => this.addPath(one))
    if (paths.length > 0 && found.length === 0) {
      throw new LocateError(
        `there are no log files in '${name}'`,
        'A folder with log files is a kcli data directory, a log directory of Kafka or a partition in one; globs such as DIR/*/*.log work too.',
      )
    }
    if (paths.length > 0 || (!name.includes('/') && this.addPartitions(name))) return
    throw new LocateError(
      `'${name}' is no file, no folder and no partition in ${this.options.dataDir}`,
      'Name a file, a folder, a glob in quotes, a topic or TOPIC-N; --data-dir says where topics are looked for.',
    )
  }

  private pathsOf(name: string): string[] {
    if (this.fs.existsSync(name)) return [name]
    const matches = isGlob(name) ? expandGlob(this.fs, name) : []
    if (matches.length > 0) return matches
    const listed = splitList(this.fs, name)
    return listed.length > 1 ? listed : []
  }

  /** A topic, a partition, or a pattern for either, in the data directory. */
  private addPartitions(name: string): boolean {
    const matches = nameMatcher(name)
    let found = false
    for (const directory of this.dataDirs()) {
      for (const logDir of this.logDirsOf(directory)) {
        for (const child of this.fs.readdirSync(logDir)) {
          const parsed = parseDir(child)
          if (parsed === undefined) continue
          const partition = `${parsed.topic}-${parsed.partition}`
          if (child !== name && !matches(partition) && !matches(parsed.topic)) continue
          if (this.fs.statSync(path.join(logDir, child))?.isDirectory !== true) continue
          this.addPartitionDir(path.join(logDir, child))
          found = true
        }
      }
    }
    return found
  }

  /** False for a folder that has nothing to do with logs. */
  private addPath(given: string): boolean {
    const found = trimSlash(given)
    const stat = this.fs.statSync(found)
    if (stat === undefined) throw new LocateError(`there is no '${found}'`, 'Check the spelling.')
    const kind = stat.isDirectory ? this.kindOfDirectory(found) : 'file'
    if (kind === 'file') this.addFile(found)
    if (kind === 'kcli') for (const logDir of this.logDirsOf(found)) this.addLogDir(logDir)
    if (kind === 'log-dir') this.addLogDir(found)
    if (kind === 'partition') this.addPartitionDir(found)
    return kind !== 'unknown'
  }

  private addFile(file: string): void {
    const directory = path.dirname(file)
    const partitionDir = this.partitionDirOf(directory)
    const described = describeFileName(path.basename(file))
    const isOfPartition = PARTITION_FILE.test(described.name)
    const logDir = isOfPartition ? partitionDir?.logDir : directory
    this.files.set(path.resolve(file), {
      path: file,
      ...described,
      ...(isOfPartition && partitionDir && { partitionDir }),
      ...(logDir !== undefined && { logDir, ...this.brokerOf(logDir) }),
    })
    const key = path.resolve(directory)
    if (isOfPartition && partitionDir && !this.partitionDirs.has(key)) {
      this.partitionDirs.set(key, { ...partitionDir, isPartial: true })
    }
  }

  private addLogDir(logDir: string): void {
    this.wholeLogDirs.add(logDir)
    for (const name of this.fs.readdirSync(logDir)) {
      const child = path.join(logDir, name)
      const isDirectory = this.fs.statSync(child)?.isDirectory
      if (isDirectory === undefined) continue
      if (!isDirectory) {
        const described = describeFileName(name)
        this.files.set(path.resolve(child), { path: child, ...described, logDir, ...this.brokerOf(logDir) })
      } else if (parseDir(name) !== undefined) this.addPartitionDir(child)
    }
  }

  private addPartitionDir(directory: string): void {
    const partitionDir = this.partitionDirOf(directory)
    if (partitionDir !== undefined) this.partitionDirs.set(path.resolve(directory), partitionDir)
    const logDir = partitionDir?.logDir ?? path.dirname(directory)
    const broker = this.brokerOf(logDir)
    for (const name of this.namesOf(directory)) {
      const file = path.join(directory, name)
      this.files.set(path.resolve(file), {
        path: file,
        ...describeFileName(name),
        ...(partitionDir && { partitionDir }),
        logDir,
        ...broker,
      })
    }
  }

  /** While a broker writes, a folder may go between being listed and being opened. */
  private namesOf(directory: string): string[] {
    return this.fs.existsSync(directory) ? this.fs.readdirSync(directory) : []
  }

  private partitionDirOf(directory: string): PartitionDir | undefined {
    const named = parseDir(path.basename(directory))
    const found = named === undefined ? path.resolve(directory) : directory
    const parsed = named ?? parseDir(path.basename(found))
    if (parsed === undefined) return undefined
    const logDir = path.dirname(found)
    return { ...parsed, path: found, logDir, ...this.brokerOf(logDir) }
  }

  private brokerOf(logDir: string): { brokerId?: number } {
    if (!this.brokerIds.has(logDir)) this.brokerIds.set(logDir, brokerIdOf(this.fs, logDir))
    const brokerId = this.brokerIds.get(logDir)
    return brokerId === undefined ? {} : { brokerId }
  }

  private dataDirs(): string[] {
    const { dataDir } = this.options
    const directories = splitList(this.fs, dataDir)
    for (const directory of directories) {
      if (this.fs.statSync(directory)?.isDirectory !== true) {
        throw new LocateError(
          `there is no data directory ${directory}`,
          'Name one with --data-dir or KCLI_DATA_DIR, or give files or folders as arguments.',
        )
      }
      if (this.kindOfDirectory(directory) === 'unknown') {
        throw new LocateError(
          `${directory} has no log files: it is neither a kcli data directory nor a log directory of Kafka`,
          'Name one with --data-dir, or give files or folders as arguments.',
        )
      }
    }
    return directories
  }

  private logDirsOf(directory: string): string[] {
    if (this.kindOfDirectory(directory) !== 'kcli') return [directory]
    const folders = this.fs
      .readdirSync(directory)
      .filter((name) => /^broker-\d{1,10}$/.test(name))
      .map((name) => path.join(directory, name))
    // Those of an imported cluster may have other names, and be elsewhere.
    const named = brokersNamedIn(this.fs, directory).flatMap(({ logDirs }) => logDirs)
    return [...new Set([...folders, ...named])].filter(
      (child) => this.fs.statSync(child)?.isDirectory === true,
    )
  }

  /** By what lies in it: `broker-1` could be a broker's folder in ours, or a partition of a topic `broker`. */
  private kindOfDirectory(directory: string): 'kcli' | 'log-dir' | 'partition' | 'unknown' {
    const names = this.fs.readdirSync(directory)
    if (names.includes(LAYOUT_FILE)) return 'kcli'
    if (names.some((name) => LOG_DIR_FILE.test(name))) return 'log-dir'
    if (names.some((name) => PARTITION_FILE.test(name))) return 'partition'
    if (names.some((name) => parseDir(name) && this.hasPartitionFiles(path.join(directory, name))))
      return 'log-dir'
    const isEmptyPartition = names.length === 0 && parseDir(path.basename(path.resolve(directory)))
    return isEmptyPartition ? 'partition' : 'unknown'
  }

  private hasPartitionFiles(directory: string): boolean {
    if (this.fs.statSync(directory)?.isDirectory !== true) return false
    return this.fs.readdirSync(directory).some((name) => PARTITION_FILE.test(name))
  }
}

function parseDir(name: string): (TopicPartition & Pick<PartitionDir, 'mark'>) | undefined {
  return parsePartitionDirName(name) ?? parseSpecialDirName(name)
}

/** Kafka's `log.dirs` has commas between directories; a path that has one itself stands for itself. */
function splitList(fs: FileSystem, text: string): string[] {
  if (fs.existsSync(text) || !text.includes(',')) return [trimSlash(text)]
  return text
    .split(',')
    .map((word) => trimSlash(word.trim()))
    .filter((word) => word !== '')
}

function trimSlash(text: string): string {
  return text.length > 1 ? text.replace(/\/+$/, '') || '/' : text
}

/** Any version of meta.properties will do: KRaft calls it node.id. */
function brokerIdOf(fs: FileSystem, logDir: string): number | undefined {
  const file = path.join(logDir, 'meta.properties')
  const text = fs.existsSync(file) ? fs.readFileSync(file).toString('utf8') : ''
  const match = /^\s*(?:broker|node)\.id\s*[=:]\s*(\d{1,10})\s*$/m.exec(text)
  if (match?.[1] !== undefined) return Number(match[1])
  const folder = /^broker-(\d{1,10})$/.exec(path.basename(path.resolve(logDir)))
  const isOurs = folder !== null && fs.existsSync(path.join(logDir, '..', LAYOUT_FILE))
  return isOurs ? Number(folder[1]) : undefined
}

function comparePartitionDirs(a: PartitionDir, b: PartitionDir): number {
  return (
    (a.brokerId ?? -1) - (b.brokerId ?? -1) ||
    compareText(a.logDir, b.logDir) ||
    compareText(a.topic, b.topic) ||
    a.partition - b.partition ||
    compareText(a.path, b.path)
  )
}

const KIND_ORDER: readonly FileKind[] = ['log', 'index', 'timeindex', 'txnindex', 'snapshot']

function compareFiles(a: LocatedFile, b: LocatedFile): number {
  if (a.partitionDir && b.partitionDir) {
    return (
      comparePartitionDirs(a.partitionDir, b.partitionDir) ||
      (a.baseOffset ?? Infinity) - (b.baseOffset ?? Infinity) ||
      KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) ||
      compareText(a.name, b.name)
    )
  }
  return (
    (a.brokerId ?? -1) - (b.brokerId ?? -1) ||
    compareText(a.logDir ?? '', b.logDir ?? '') ||
    Number(a.partitionDir !== undefined) - Number(b.partitionDir !== undefined) ||
    compareText(a.path, b.path)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
