import { CodecError, Reader } from '../../protocol/index.ts'
import { consumerProtocolSubscription } from '../../protocol/internal/index.ts'

const FIRST_VERSION = 0

/**
 * The topics that consumers subscribe to, from what they said when they joined; null when one of them cannot be read.
 * Every version of the format begins with version 0, so that is what is read (GroupMetadata.computeSubscribedTopics).
 */
export function subscribedTopicsOf(subscriptions: readonly Buffer[]): ReadonlySet<string> | null {
  const topics = new Set<string>()
  try {
    for (const bytes of subscriptions) {
      const reader = new Reader(bytes)
      const version = reader.int16()
      if (version < FIRST_VERSION) return null
      for (const topic of consumerProtocolSubscription.decode(reader, FIRST_VERSION).topics) topics.add(topic)
    }
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
  return topics
}
