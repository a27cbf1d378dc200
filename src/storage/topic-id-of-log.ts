import { InconsistentTopicIdError } from './errors.ts'
import type { LogContext } from './log-context.ts'
import { readPartitionMetadata, writePartitionMetadata } from './partition-metadata.ts'

/** The topic id of one log, in memory and in its partition.metadata. Errors of the system come through as they are. */
export class TopicIdOfLog {
  /** Undefined: not read yet. */
  private stored: string | null | undefined
  /** What the controller said of a log that was not opened yet. */
  private claimed: string | undefined
  private readonly context: LogContext
  private readonly topic: string
  private readonly path: () => string

  constructor(context: LogContext, topic: string, path: () => string) {
    this.context = context
    this.topic = topic
    this.path = path
  }

  /** Null for logs from before Kafka had topic ids. */
  get value(): string | null {
    return this.stored ?? this.claimed ?? this.read()
  }

  /** Throws InconsistentTopicIdError. `isOnTrust`: the file is looked at when the log is opened ({@link checkClaim}). */
  assign(topicId: string, isOnTrust: boolean): void {
    if (this.stored === undefined && isOnTrust) {
      this.claimed = topicId
      return
    }
    const stored = this.read()
    if (stored === null) {
      writePartitionMetadata(this.context.fs, this.path(), topicId)
      this.stored = topicId
    } else if (stored !== topicId) {
      throw new InconsistentTopicIdError(
        `${this.path()} belongs to the topic id ${stored}, but ${this.topic} has ${topicId}`,
      )
    }
  }

  checkClaim(): void {
    const { claimed } = this
    if (claimed === undefined) return
    this.claimed = undefined
    this.stored = undefined
    this.assign(claimed, false)
  }

  private read(): string | null {
    if (this.stored === undefined) {
      const { fs, logger } = this.context
      this.stored = readPartitionMetadata(fs, this.path(), logger)
    }
    return this.stored
  }
}
