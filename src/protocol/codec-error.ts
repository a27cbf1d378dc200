import { KcliError } from '../base/errors.ts'

/**
 * Bytes that are not the message they should be, or a message that its version cannot carry.
 * The only error that decoders and encoders throw; the connection it happened on is closed, never the process.
 */
export class CodecError extends KcliError {
  /** Position in the decoded bytes, or -1 when encoding. */
  readonly position: number

  constructor(message: string, position = -1) {
    super('KCLI_CODEC', message)
    this.position = position
  }
}
