import type { FileSystem } from '../base/file-system.ts'
import { parsePartitionDirName } from '../storage/index.ts'
import { type Located, type LocatedFile, PARTITION_FILE, type PartitionDir } from './locate.ts'

/** One stretch of a log: what is there of its files. */
export interface SegmentFiles {
  readonly baseOffset: number
  readonly log: LocatedFile
  readonly index?: LocatedFile
  readonly timeindex?: LocatedFile
  readonly txnindex?: LocatedFile
  readonly snapshot?: LocatedFile
}

/** The files of one partition on one broker, as they were listed. */
export interface PartitionFiles {
  readonly dir: PartitionDir
  /** `orders-0` */
  readonly name: string
  /** By offset. The last one is the one that grows. */
  readonly segments: readonly SegmentFiles[]
  /** By offset; also those of no segment. */
  readonly snapshots: readonly LocatedFile[]
  readonly epochs?: LocatedFile
  readonly metadata?: LocatedFile
  /** Files marked `.deleted`, `.cleaned` or `.swap`. */
  readonly marked: readonly LocatedFile[]
  /** Index files without their `.log`. */
  readonly orphans: readonly LocatedFile[]
  readonly others: readonly LocatedFile[]
  /** Only the segments that begin at these offsets are asked for. */
  readonly only?: ReadonlySet<number>
}

/** The files that were found, by partition. Files that lie in no partition's directory are left out. */
export function groupByPartition(located: Located): PartitionFiles[] {
  const byDir = new Map<string, LocatedFile[]>()
  for (const dir of located.partitionDirs) byDir.set(dir.path, [])
  for (const file of located.files) {
    if (file.partitionDir) byDir.get(file.partitionDir.path)?.push(file)
  }
  return located.partitionDirs.map((dir) => partitionFiles(dir, byDir.get(dir.path) ?? []))
}

function partitionFiles(dir: PartitionDir, files: readonly LocatedFile[]): PartitionFiles {
  const live = files.filter((file) => file.mark === undefined)
  const ofKind = (kind: LocatedFile['kind']) => live.filter((file) => file.kind === kind)
  const byOffset = (kind: LocatedFile['kind']) => new Map(ofKind(kind).map((file) => [file.baseOffset, file]))
  const [indexes, times, txns, snapshots] = [
    byOffset('index'),
    byOffset('timeindex'),
    byOffset('txnindex'),
    byOffset('snapshot'),
  ]
  const segments = ofKind('log').map((log) => {
    const baseOffset = log.baseOffset ?? 0
    const index = indexes.get(baseOffset)
    const timeindex = times.get(baseOffset)
    const txnindex = txns.get(baseOffset)
    const snapshot = snapshots.get(baseOffset)
    return {
      baseOffset,
      log,
      ...(index && { index }),
      ...(timeindex && { timeindex }),
      ...(txnindex && { txnindex }),
      ...(snapshot && { snapshot }),
    }
  })
  const offsets = new Set(segments.map((segment) => segment.baseOffset))
  const [epochs] = ofKind('leader-epoch-checkpoint')
  const [metadata] = ofKind('partition.metadata')
  return {
    dir,
    name: `${dir.topic}-${dir.partition}`,
    segments,
    snapshots: ofKind('snapshot'),
    ...(epochs && { epochs }),
    ...(metadata && { metadata }),
    marked: files.filter((file) => file.mark !== undefined),
    orphans: live.filter(
      (file) => ['index', 'timeindex', 'txnindex'].includes(file.kind) && !offsets.has(file.baseOffset ?? -1),
    ),
    others: ofKind('other'),
  }
}

/** 0 when it is gone by now. */
export function sizeOf(fs: FileSystem, file: LocatedFile | undefined): number {
  return file === undefined ? 0 : (fs.statSync(file.path)?.sizeBytes ?? 0)
}

/** `broker-0/orders-0/00000000000000000000.log`, `broker-0/meta.properties`: enough of a path to know the file by. */
export function shortPath(path: string): string {
  const parts = path.split('/')
  const isInPartition =
    parsePartitionDirName(parts.at(-2) ?? '') !== undefined && PARTITION_FILE.test(parts.at(-1) ?? '')
  return parts.slice(isInPartition ? -3 : -2).join('/')
}
