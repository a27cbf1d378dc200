import { type Admin, BrokerError, type TopicInfo } from '../../../client/index.ts'
import { UsageError } from '../../exit-codes.ts'

export interface TopicSelection {
  /** All topics when empty. */
  readonly names: readonly string[]
  /** Take the names as regular expressions that must match the whole name. */
  readonly regex: boolean
  readonly includeInternal: boolean
}

/** The topics that are meant, by name. A name that does not exist is an error; an expression that matches nothing is not. */
export async function selectTopics(admin: Admin, selection: TopicSelection): Promise<TopicInfo[]> {
  const { names, regex, includeInternal } = selection
  if (names.length > 0 && !regex) return await namedTopics(admin, names)
  const patterns = names.map(wholeName)
  const topics = await admin.listTopics()
  return topics.filter(
    (topic) =>
      (includeInternal || !topic.isInternal) &&
      (patterns.length === 0 || patterns.some((pattern) => pattern.test(topic.name))),
  )
}

async function namedTopics(admin: Admin, names: readonly string[]): Promise<TopicInfo[]> {
  const topics = await admin.describeTopics(names)
  const missing = topics.find((topic) => topic.errorCode !== 0 && topic.partitions.length === 0)
  if (missing !== undefined) throw missingTopic(missing)
  return topics
}

function missingTopic(topic: TopicInfo): BrokerError {
  const error = new BrokerError(topic.errorCode)
  const isUnknown = error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION'
  const message = isUnknown
    ? `topic '${topic.name}' does not exist`
    : `topic '${topic.name}': ${error.errorName}`
  return new BrokerError(topic.errorCode, message, {
    ...(isUnknown && { hint: `See what there is with: kcli topics list` }),
  })
}

/** An expression that a whole name has to match, as in Kafka's tools. */
export function wholeName(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch {
    throw new UsageError(`'${pattern}' is no regular expression`)
  }
}
