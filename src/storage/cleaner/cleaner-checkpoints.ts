import { join } from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import type { Logger } from '../../base/logger.ts'
import { CLEANER_CHECKPOINT, OffsetCheckpointFile, type OffsetsByPartition } from '../checkpoint-file.ts'
import { KafkaStorageError } from '../errors.ts'

interface DirectoryCheckpoint {
  readonly file: OffsetCheckpointFile
  readonly offsets: OffsetsByPartition
}

/**
 * `cleaner-offset-checkpoint` of each directory: how far its logs are clean. Read when first asked for, and written when
 * something changes; what is in memory counts at once.
 */
export class CleanerCheckpoints {
  private readonly fs: FileSystem
  private readonly logger: Logger
  private readonly byDirectory = new Map<string, DirectoryCheckpoint>()

  constructor(fs: FileSystem, logger: Logger) {
    this.fs = fs
    this.logger = logger
  }

  /** Undefined when the log was never cleaned. */
  get(logDir: string, name: string): number | undefined {
    return this.directory(logDir).offsets.get(name)
  }

  set(logDir: string, name: string, offset: number): Promise<void> {
    const { file, offsets } = this.directory(logDir)
    offsets.set(name, offset)
    return file.write(offsets)
  }

  /** The log ends before, or has other records there now. */
  async truncate(logDir: string, name: string, offset: number): Promise<void> {
    const known = this.get(logDir, name)
    if (known !== undefined && known > offset) await this.set(logDir, name, offset)
  }

  /** Another log of that name begins anew. */
  async remove(logDir: string, name: string): Promise<void> {
    const { file, offsets } = this.directory(logDir)
    if (offsets.delete(name)) await file.write(offsets)
  }

  private directory(logDir: string): DirectoryCheckpoint {
    let found = this.byDirectory.get(logDir)
    if (found === undefined) {
      const file = new OffsetCheckpointFile(this.fs, join(logDir, CLEANER_CHECKPOINT))
      found = { file, offsets: this.read(file) }
      this.byDirectory.set(logDir, found)
    }
    return found
  }

  /** A file that cannot be read says nothing, as in Kafka: the logs are cleaned from their start. */
  private read(file: OffsetCheckpointFile): OffsetsByPartition {
    try {
      return file.read()
    } catch (error) {
      if (!(error instanceof KafkaStorageError)) throw error
      this.logger.warn(`${error.message}: going on without it`)
      return new Map()
    }
  }
}
