import { messageOf } from '../base/errors.ts'
import { ClientError, type ConsumerRecord, type TopicPartition } from '../client/index.ts'

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

/**
 * A record whose key or value its deserializer does not take (RecordDeserializationException, KIP-334 and KIP-1036). The
 * position stays at the record: seek behind `offset` to go on without it. Its bytes are here for whoever keeps such records.
 */
export class RecordDeserializationError extends ClientError implements TopicPartition {
  readonly origin: 'key' | 'value'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly timestampType: ConsumerRecord['timestampType']
  readonly keyBuffer: Buffer | null
  readonly valueBuffer: Buffer | null
  readonly headers: ConsumerRecord['headers']

  constructor(origin: 'key' | 'value', record: ConsumerRecord, cause: unknown) {
    const { topic, partition, offset } = record
    const place = `${topic}-${partition} at offset ${offset}`
    super(
      'KCLI_DESERIALIZATION',
      `the ${origin} of the record in ${place} cannot be deserialized: ${messageOf(cause)}`,
      {
        retriable: false,
        hint: `Seek to ${offset + 1} to go on without it.`,
        cause,
      },
    )
    this.origin = origin
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestampMs = record.timestampMs
    this.timestampType = record.timestampType
    this.keyBuffer = record.key
    this.valueBuffer = record.value
    this.headers = record.headers
  }
}
