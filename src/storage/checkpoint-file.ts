import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
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
  if (!fs.existsSync(path)) return []
  return parseCheckpoint(fs.readFileSync(path).toString('utf8'), path)
}

/** Offsets by `TOPIC-N`, as they lie in one of the per-directory files. */
export type OffsetsByPartition = Map<string, { topic: string; partition: number; offset: number }>

export function readOffsetCheckpoint(fs: FileSystem, path: string): OffsetsByPartition {
  const offsets: OffsetsByPartition = new Map()
  for (const line of readCheckpointLines(fs, path)) {
    const match = /^(\S+)\s+(\d{1,10})\s+(\d{1,16})$/.exec(line)
    if (!match)
      throw new KafkaStorageError(`malformed line in checkpoint file ${path}: '${line.slice(0, 80)}'`)
    const topic = match[1] ?? ''
    const partition = Number(match[2])
    offsets.set(`${topic}-${partition}`, { topic, partition, offset: Number(match[3]) })
  }
  return offsets
}

export function formatOffsetCheckpoint(offsets: OffsetsByPartition): string {
  return formatCheckpoint([...offsets.values()].map((o) => `${o.topic} ${o.partition} ${o.offset}`))
}

/** A checkpoint file that is only written when its text changes. */
export class OffsetCheckpointFile {
  readonly path: string
  private readonly fs: FileSystem
  private written: string | null = null
  private queue: Promise<void> = Promise.resolve()

  constructor(fs: FileSystem, path: string) {
    this.fs = fs
    this.path = path
  }

  read(): OffsetsByPartition {
    return readOffsetCheckpoint(this.fs, this.path)
  }

  /** Syncs in the thread pool, so that the loop does not wait for the disk. Writes come one after another. */
  write(offsets: OffsetsByPartition): Promise<void> {
    const work = this.queue.then(() => this.writeOnce(formatOffsetCheckpoint(offsets)))
    this.queue = work.catch(() => undefined)
    return work
  }

  /** For the end of the broker: nothing may come between this and the clean-shutdown file. */
  async writeNow(offsets: OffsetsByPartition): Promise<void> {
    await this.queue
    const text = formatOffsetCheckpoint(offsets)
    if (text === this.written) return
    replaceFileSync(this.fs, this.path, Buffer.from(text), false)
    this.written = text
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
    this.written = text
  }
}
