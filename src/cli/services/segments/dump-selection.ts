import path from 'node:path'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import type { LogFilter } from '../../../inspect/dump/index.ts'
import { expandGlob, type FileKind, type LocatedFile } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { type FileSelection, locateFiles } from './locate.ts'

export interface DumpSelection extends FileSelection {
  /** Of files in folders; those that are named are shown whatever they are. `all`: every kind. */
  readonly kinds: readonly FileKind[] | 'all'
  readonly filter: LogFilter
}

/** The files to show, in order. Of a partition that several brokers have, and that is not named by its path, one replica. */
export function selectFiles(context: CommandContext, selection: DumpSelection): LocatedFile[] {
  const located = locateFiles(context, selection)
  const named = new NamedPaths(selection.names)
  const { kinds } = selection
  const wanted = located.files.filter(
    (file) => named.isFile(file) || (kinds === 'all' ? file.kind !== 'other' : kinds.includes(file.kind)),
  )
  if (wanted.length === 0) {
    throw new UsageError('there is nothing to show', 'Take --kind all to see files that are no logs, too.')
  }
  // What waits for its removal, or belongs to a compaction under way, is shown only when there is nothing else.
  const isLive = (file: LocatedFile) => (file.mark ?? file.partitionDir?.mark) === undefined
  const live = wanted.filter((file) => isLive(file) || named.isFile(file))
  const files = oneReplica(context, live.length > 0 ? live : wanted, named)
  return skipBefore(files, selection.filter.fromOffset)
}

/** What the arguments name by its path. */
class NamedPaths {
  private readonly paths: readonly string[]

  constructor(names: readonly string[]) {
    const found = names.flatMap((name) => [name, ...expandGlob(nodeFileSystem, name)])
    this.paths = found.filter((name) => nodeFileSystem.existsSync(name)).map((name) => path.resolve(name))
  }

  isFile(file: LocatedFile): boolean {
    return this.paths.includes(path.resolve(file.path))
  }

  /** The file, or the folder of its partition. */
  hasPartitionOf(file: LocatedFile): boolean {
    const { partitionDir } = file
    return (
      this.isFile(file) ||
      (partitionDir !== undefined && this.paths.includes(path.resolve(partitionDir.path)))
    )
  }
}

/** The replica that reaches farthest, so that a record is not shown once for each broker. */
function oneReplica(
  context: CommandContext,
  files: readonly LocatedFile[],
  named: NamedPaths,
): LocatedFile[] {
  const best = new Map<string, LocatedFile>()
  const brokers = new Map<string, Set<number>>()
  const keyOf = ({ partitionDir }: LocatedFile) => `${partitionDir?.topic}-${partitionDir?.partition}`
  const isFree = (file: LocatedFile) => file.partitionDir !== undefined && !named.hasPartitionOf(file)
  for (const file of files.filter(isFree)) {
    const key = keyOf(file)
    const known = best.get(key)
    if (known === undefined || reachesFarther(file, known)) best.set(key, file)
    if (file.brokerId !== undefined) brokers.set(key, (brokers.get(key) ?? new Set()).add(file.brokerId))
  }
  const shared = [...brokers].filter(([, ids]) => ids.size > 1).map(([key]) => key)
  const [first] = shared
  if (first !== undefined) {
    const others = shared.length > 1 ? `, and of ${shared.length - 1} more partitions one replica each` : ''
    const shown = best.get(first)?.brokerId
    context.out.note(`Showing ${first} of broker ${shown}${others}; --broker shows another.`)
  }
  return files.filter(
    (file) => !isFree(file) || best.get(keyOf(file))?.partitionDir?.path === file.partitionDir?.path,
  )
}

/** By the names alone where they differ, else by size. */
function reachesFarther(file: LocatedFile, known: LocatedFile): boolean {
  if (file.kind !== 'log' || known.kind !== 'log') return file.kind === 'log' && known.kind !== 'log'
  if (file.baseOffset !== known.baseOffset) return (file.baseOffset ?? 0) > (known.baseOffset ?? 0)
  const size = ({ path: at }: LocatedFile) => nodeFileSystem.statSync(at)?.sizeBytes ?? 0
  return size(file) > size(known)
}

/** Segments that end before the first offset need not be opened: the next one tells where they end. */
function skipBefore(files: readonly LocatedFile[], fromOffset: number | undefined): LocatedFile[] {
  if (fromOffset === undefined) return [...files]
  return files.filter((file, i) => {
    const next = files[i + 1]
    const isFollowed =
      file.kind === 'log' && next?.kind === 'log' && file.partitionDir?.path === next.partitionDir?.path
    return !isFollowed || (next.baseOffset ?? 0) > fromOffset
  })
}
