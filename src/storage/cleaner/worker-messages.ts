import { messageOf, systemErrorCode } from '../../base/errors.ts'
import { CorruptRecordError } from '../errors.ts'
import type { CleanedGroup, PassJob, PassResult } from './cleaning-pass.ts'
import { CleaningAbortedError } from './pace.ts'

/** To the worker: a pass, or what became of the group that it has cleaned. */
export type ToWorker =
  | { readonly type: 'pass'; readonly job: PassJob; readonly shared: SharedArrayBuffer }
  | { readonly type: 'swapped'; readonly isIn: boolean }

export type FromWorker =
  | { readonly type: 'group'; readonly group: CleanedGroup }
  | { readonly type: 'done'; readonly result: PassResult }
  | { readonly type: 'failed'; readonly error: PlainError }

/** What is left of an error on its way between threads. */
interface PlainError {
  readonly kind: 'aborted' | 'corrupt' | 'other'
  readonly message: string
  /** Of an error of the system: ENOSPC, EIO, … */
  readonly code: string | undefined
}

export function plainError(error: unknown): PlainError {
  const isAborted = error instanceof CleaningAbortedError
  const kind = isAborted ? 'aborted' : error instanceof CorruptRecordError ? 'corrupt' : 'other'
  return { kind, message: messageOf(error), code: systemErrorCode(error) }
}

export function errorOf({ kind, message, code }: PlainError): Error {
  if (kind === 'aborted') return new CleaningAbortedError()
  if (kind === 'corrupt') return new CorruptRecordError(message)
  return Object.assign(new Error(message), code !== undefined && { code })
}
