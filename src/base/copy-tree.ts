import type { File, FileSystem } from './file-system.ts'

/** Files that are copied at the same time: as many as Node's thread pool can read and sync at once, and a few to go on with. */
const WORKERS = 8
const CHUNK_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(CHUNK_BYTES)

export interface CopyOptions {
  /** Files and folders that stay behind, by name. */
  readonly except?: ReadonlySet<string>
  readonly onBytes?: (count: number) => void
  /** The copy stops with the signal's reason; what is there by then stays. */
  readonly signal?: AbortSignal
}

interface FilePair {
  readonly from: string
  readonly to: string
}

/**
 * Copies a file or a folder with all that is in it. What is all zeros stays a hole: files that are allocated ahead
 * (Kafka's indexes, ZooKeeper's logs) take no more room than before. Everything copied is on disk afterwards.
 */
export async function copyTree(
  fs: FileSystem,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<void> {
  const files: FilePair[] = []
  const folders: string[] = []
  layOut(fs, { from, to }, options.except ?? new Set(), files, folders)
  let failed = false
  const work = async () => {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let next = files.pop(); next !== undefined && !failed; next = files.pop())
      await copyFile(fs, next, chunk, options)
  }
  const workers = Array.from({ length: Math.min(WORKERS, files.length) }, () =>
    work().catch((error: unknown) => {
      failed = true
      throw error
    }),
  )
  // All of them have to be at rest before anybody removes what they have made.
  for (const outcome of await Promise.allSettled(workers))
    if (outcome.status === 'rejected') throw outcome.reason
  for (const folder of folders) await fs.syncDirectory(folder)
}

/** Bytes of all files that {@link copyTree} would copy. */
export function sizeOfTree(fs: FileSystem, from: string): number {
  const stat = fs.statSync(from)
  if (stat?.isDirectory !== true) return stat?.sizeBytes ?? 0
  return fs.readdirSync(from).reduce((sum, name) => sum + sizeOfTree(fs, `${from}/${name}`), 0)
}

/** Makes the folders and lists the files. */
function layOut(
  fs: FileSystem,
  { from, to }: FilePair,
  except: ReadonlySet<string>,
  files: FilePair[],
  folders: string[],
): void {
  if (fs.statSync(from)?.isDirectory !== true) {
    files.push({ from, to })
    return
  }
  fs.mkdirSync(to)
  folders.push(to)
  for (const name of fs.readdirSync(from)) {
    if (!except.has(name))
      layOut(fs, { from: `${from}/${name}`, to: `${to}/${name}` }, except, files, folders)
  }
}

async function copyFile(fs: FileSystem, pair: FilePair, chunk: Buffer, options: CopyOptions): Promise<void> {
  const source = fs.openSync(pair.from, 'r')
  try {
    const target = fs.openSync(pair.to, 'create')
    try {
      await copyBytes(source, target, chunk, options)
    } finally {
      target.closeSync()
    }
  } finally {
    source.closeSync()
  }
}

async function copyBytes(source: File, target: File, chunk: Buffer, options: CopyOptions): Promise<void> {
  const { onBytes, signal } = options
  let position = 0
  for (;;) {
    signal?.throwIfAborted()
    const count = await source.read(chunk, 0, chunk.length, position)
    if (count === 0) break
    const bytes = chunk.subarray(0, count)
    if (bytes.compare(ZEROS, 0, count) !== 0) await target.write([bytes], position)
    position += count
    onBytes?.(count)
  }
  if (target.sizeSync() < position) target.truncateSync(position)
  await target.sync()
}
