import type { LogConfig } from './log-config.ts'
import type { LogContext, LogDir } from './log-context.ts'
import type { LogCheckpoint } from './sleeping-log.ts'

export interface LogOptions {
  readonly context: LogContext
  readonly logDir: LogDir
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  readonly checkpoint: LogCheckpoint
  /** The last end was a clean one: the files are not touched before the log is used. */
  readonly isClean: boolean
  /** The recovery point is the end of the log. Otherwise open it before anybody asks for offsets. */
  readonly isEndKnown: boolean
  /** It was made just now. */
  readonly isNew?: boolean
  /** Of a log that is on its way to this directory; otherwise the partition's own name. */
  readonly dirName?: string
}

/** Where the files of a log are. */
export interface LogPlace {
  readonly dir: LogDir
  readonly path: string
}

/** What goes on around {@link Log.moveTo}. */
export interface MoveSteps {
  /** Brings the copy to the end of this log and into its place. False: not now. */
  prepare(): Promise<boolean>
  /** In the turn in which the copy becomes the log; when it throws, it does not. */
  leave(): void
  /** Nobody appends before it has resolved. */
  finish(): Promise<void>
}
