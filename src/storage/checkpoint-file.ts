import { dirname } from 'node:path'
import type { FileSystem } from '../base/file-system.ts'
import { KafkaStorageError } from './errors.ts'

/**
 * Kafka's checkpoint files (CheckpointFile): UTF-8 text, one item per line, replaced as a whole.
 *
 *     0                   version
 *     2                   how many lines follow
 *     orders 0 1234       offset checkpoints: topic, partition, offset
 *     orders 1 99         leader-epoch-checkpoint: epoch, start offset
 *
 * Written by the log manager once a minute and at the end (recovery points, log start offsets), every 5 s (high
 * watermarks), and by a log when its leader epochs change. A file that is missing or empty means nothing is known: the
 * logs are then recovered from their start.
 */
export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint'
export const LOG_START_OFFSET_CHECKPOINT = 'log-start-offset-checkpoint'
export const HIGH_WATERMARK_CHECKPOINT = 'replication-offset-checkpoint'
export const CLEANER_CHECKPOINT = 'cleaner-offset-checkpoint'

const VERSION = 0

export function formatCheckpoint(lines: readonly string[]): string {
  return `${VERSION}\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`
}

/** The lines behind the head. Throws a KafkaStorageError that names the file when the text is not a checkpoint. */
export function parseCheckpoint(text: string, path: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const [version, count, ...items] = lines
  if (version === undefined) return []
  if (version !== String(VERSION)) {
    throw new KafkaStorageError(`unknown version '${version.slice(0, 20)}' in checkpoint file ${path}`)
  }
  if (count === undefined) return []
  if (!/^\d+$/.test(count) || Number(count) !== items.length) {
    throw new KafkaStorageError(
      `checkpoint file ${path} should have ${count} entries, but has ${items.length}`,
    )
  }
  return items
}

/** Missing and empty files have no lines. */
export function readCheckpointLines(fs: FileSystem, path: string): string[] {
  return parseCheckpoint(readText(fs, path), path)
}

/** Offsets by `TOPIC-N`, as they lie in one of the per-directory files. */
export type OffsetsByPartition = Map<string, number>

export function readOffsetCheckpoint(fs: FileSystem, path: string): OffsetsByPartition {
  return offsetsOf(readText(fs, path), path)
}

function readText(fs: FileSystem, path: string): string {
  return fs.existsSync(path) ? fs.readFileSync(path).toString('utf8') : ''
}

function offsetsOf(text: string, path: string): OffsetsByPartition {
  const offsets: OffsetsByPartition = new Map()
  for (const line of parseCheckpoint(text, path)) {
    const match = /^(\S+)\s+(\d{1,10})\s+(\d{1,16})$/.exec(line)
    if (!match)
      throw new KafkaStorageError(`malformed line in checkpoint file ${path}: '${line.slice(0, 80)}'`)
    offsets.set(`${match[1]}-${Number(match[2])}`, Number(match[3]))
  }
  return offsets
}

export function formatOffsetCheckpoint(offsets: OffsetsByPartition): string {
  let lines = ''
  for (const [name, offset] of offsets) {
    const dash = name.lastIndexOf('-')
    lines += `${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}\n`
  }
  return `${VERSION}\n${offsets.size}\n${lines}`
}

/** A checkpoint file that is only written when its text is another than was read or written last. */
export class OffsetCheckpointFile {
  readonly path: string
  private readonly fs: FileSystem
  private written: string | null = null
  private queue: Promise<void> = Promise.resolve()

  constructor(fs: FileSystem, path: string) {
    this.fs = fs
    this.path = path
  }

  /** `like`, itself, when that is what a file of the same text says: after a quiet end two of them are the same. */
  read(like?: {
    readonly file: OffsetCheckpointFile
    readonly offsets: OffsetsByPartition
  }): OffsetsByPartition {
    const text = readText(this.fs, this.path)
    const isSame = like !== undefined && text !== '' && text === like.file.written
    const offsets = isSame ? like.offsets : offsetsOf(text, this.path)
    this.written = text
    return offsets
  }

  /** Syncs in the thread pool, so that the loop does not wait for the disk. Writes come one after another. */
  write(offsets: OffsetsByPartition): Promise<void> {
    const work = this.queue.then(() => this.writeOnce(formatOffsetCheckpoint(offsets)))
    this.queue = work.catch(() => undefined)
    return work
  }

  private async writeOnce(text: string): Promise<void> {
    if (text === this.written) return
    const temporary = `${this.path}.tmp`
    this.fs.writeFileSync(temporary, Buffer.from(text))
    const file = this.fs.openSync(temporary, 'r+')
    try {
      await file.sync()
    } finally {
      file.closeSync()
    }
    this.fs.renameSync(temporary, this.path)
    await this.fs.syncDirectory(dirname(this.path))
    this.written = text
  }
}
