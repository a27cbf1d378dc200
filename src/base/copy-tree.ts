import type { File, FileSystem } from './file-system.ts'

const CHUNK_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(CHUNK_BYTES)

export interface CopyOptions {
  /** Files and folders that stay behind, by name. */
  readonly except?: ReadonlySet<string>
  readonly onBytes?: (count: number) => void
  /** The copy stops with the signal's reason; what is there by then stays. */
  readonly signal?: AbortSignal
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
  if (fs.statSync(from)?.isDirectory !== true) return copyFile(fs, from, to, options)
  fs.mkdirSync(to)
  for (const name of fs.readdirSync(from)) {
    if (options.except?.has(name) === true) continue
    await copyTree(fs, `${from}/${name}`, `${to}/${name}`, options)
  }
  await fs.syncDirectory(to)
}

/** Bytes of all files that {@link copyTree} would copy. */
export function sizeOfTree(fs: FileSystem, from: string): number {
  const stat = fs.statSync(from)
  if (stat?.isDirectory !== true) return stat?.sizeBytes ?? 0
  return fs.readdirSync(from).reduce((sum, name) => sum + sizeOfTree(fs, `${from}/${name}`), 0)
}

async function copyFile(fs: FileSystem, from: string, to: string, options: CopyOptions): Promise<void> {
  const source = fs.openSync(from, 'r')
  try {
    const target = fs.openSync(to, 'create')
    try {
      await copyBytes(source, target, options)
    } finally {
      target.closeSync()
    }
  } finally {
    source.closeSync()
  }
}

async function copyBytes(source: File, target: File, { onBytes, signal }: CopyOptions): Promise<void> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let position = 0
  for (;;) {
    signal?.throwIfAborted()
    const count = await source.read(chunk, 0, CHUNK_BYTES, position)
    if (count === 0) break
    const bytes = chunk.subarray(0, count)
    if (bytes.compare(ZEROS, 0, count) !== 0) await target.write([bytes], position)
    position += count
    onBytes?.(count)
  }
  if (target.sizeSync() < position) target.truncateSync(position)
  await target.sync()
}
