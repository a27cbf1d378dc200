import { systemErrorCode } from '../../base/errors.ts'
import type { File, FileSystem } from '../../base/file-system.ts'
import { JavaException } from '../../base/java-exception.ts'
import { BatchWalk, type WalkedBatch } from '../batch-walk.ts'

const MAX_INT = 0x7fffffff
const KAFKA_EXCEPTION = 'org.apache.kafka.common.KafkaException'

/** A `.log` file as org.apache.kafka.common.record.FileRecords sees it: read only, 2 GB at most. */
export class FileRecords {
  readonly file: File
  readonly path: string
  readonly sizeBytes: number

  constructor(fs: FileSystem, path: string) {
    this.path = path
    this.file = openForReading(fs, path)
    this.sizeBytes = this.file.sizeSync()
    if (this.sizeBytes > MAX_INT) {
      this.close()
      throw new JavaException(
        KAFKA_EXCEPTION,
        `The size of segment ${path} (${this.sizeBytes}) is larger than the maximum allowed segment size of ${MAX_INT}`,
      )
    }
  }

  close(): void {
    this.file.closeSync()
  }

  /** Where a slice of `sizeBytes` from `position` ends. Throws as Kafka does for one that begins outside. */
  sliceEnd(position: number, sizeBytes: number): number {
    const illegal = (text: string) => new JavaException('java.lang.IllegalArgumentException', text)
    if (position < 0) throw illegal(`Invalid position: ${position} in read from ${this}`)
    if (position > this.sizeBytes)
      throw illegal(`Slice from position ${position} exceeds end position of ${this}`)
    if (sizeBytes < 0) throw illegal(`Invalid size: ${sizeBytes} in read from ${this}`)
    return Math.min(this.sizeBytes, position + sizeBytes)
  }

  /** The batches from `from` to `to`, up to one that is cut off. Throws where none can begin. */
  async *batches(from: number, to: number, read: 'whole' | 'head' = 'whole'): AsyncGenerator<WalkedBatch> {
    const walk = new BatchWalk(this.file, { from, to, read, anyMagic: true })
    yield* walk
    if (walk.end?.reason !== 'corrupt') return
    const size = Buffer.alloc(4)
    await this.file.read(size, 0, 4, walk.end.position + 8)
    throw new JavaException(
      'org.apache.kafka.common.errors.CorruptRecordException',
      `Found record size ${size.readInt32BE(0)} smaller than minimum record overhead (14) in file ${this.path}.`,
    )
  }

  toString(): string {
    return `FileRecords(size=${this.sizeBytes}, file=${this.path}, start=0, end=${MAX_INT})`
  }
}

/** Opens as FileChannel.open does, with its exceptions. */
export function openForReading(fs: FileSystem, path: string): File {
  try {
    return fs.openSync(path, 'r')
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') throw new JavaException('java.nio.file.NoSuchFileException', path, error)
    if (code === 'EACCES') throw new JavaException('java.nio.file.AccessDeniedException', path, error)
    throw error
  }
}
