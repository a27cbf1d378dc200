import { ApiError } from './api-error.ts'

const MAX_NAME_LENGTH = 249
const INTERNAL_TOPICS: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state'])

/** Topics that clients may not write to by themselves (org.apache.kafka.common.internals.Topic). */
export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name)
}

/** Throws {@link ApiError} INVALID_TOPIC_EXCEPTION in Kafka's words (Topic.validate). */
export function validateTopicName(name: string): void {
  const reason = whyInvalid(name)
  if (reason !== null) throw new ApiError('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${reason}`)
}

export function isValidTopicName(name: string): boolean {
  return whyInvalid(name) === null
}

function whyInvalid(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > MAX_NAME_LENGTH) {
    return `the length of '${name}' is longer than the max allowed length ${MAX_NAME_LENGTH}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return null
}
