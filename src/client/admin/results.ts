import { ERROR_CODES } from '../../protocol/index.ts'
import { BrokerError } from '../net/index.ts'

/** One item of a call about many: what happened to it. */
export interface ItemResult {
  readonly name: string
  /** Null when it was done. */
  readonly error: BrokerError | null
}

export function itemError(errorCode: number, message: string | null): BrokerError | null {
  if (errorCode === ERROR_CODES.NONE) return null
  return new BrokerError(errorCode, message)
}
