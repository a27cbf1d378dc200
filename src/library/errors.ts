import { messageOf } from '../base/errors.ts'
import { ClientError } from '../client/index.ts'

/** A key or a value that its serializer does not take. Nothing of the record was sent; the producer is well. */
export class SerializationError extends ClientError {
  readonly topic: string
  readonly origin: 'key' | 'value'

  constructor(origin: 'key' | 'value', topic: string, cause: unknown) {
    super(
      'KCLI_SERIALIZATION',
      `the ${origin} of a record for '${topic}' cannot be serialized: ${messageOf(cause)}`,
      {
        retriable: false,
        cause,
      },
    )
    this.topic = topic
    this.origin = origin
  }
}
