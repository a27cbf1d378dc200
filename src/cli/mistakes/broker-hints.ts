import { nearestName } from '../../base/edit-distance.ts'
import type { BrokerError } from '../../client/index.ts'

/** What to do about what brokers refuse, by the name of the error. */
const HINTS: Readonly<Record<string, string>> = {
  TOPIC_ALREADY_EXISTS: 'Look at it with: kcli topics describe; --if-not-exists takes it for done.',
  INVALID_REPLICATION_FACTOR: 'Give a lower --replication-factor, or start more brokers.',
  INVALID_TOPIC_EXCEPTION: 'Choose another name: up to 249 letters, digits, dots, dashes and underscores.',
  INVALID_PARTITIONS: 'Partitions can only be added: give more than there are.',
  NON_EMPTY_GROUP: 'Stop its members first, or wait until they have left.',
  GROUP_SUBSCRIBED_TO_TOPIC: 'Stop the members that read the topic first.',
  NOT_CONTROLLER: 'The controller has just changed: run the command again.',
  REQUEST_TIMED_OUT: 'It may be done all the same: look first, then run the command again.',
}

/** Undefined where the broker's own words say it all. Configurations are compared with those that there are. */
export async function brokerHint({ errorName, message }: BrokerError): Promise<string | undefined> {
  if (errorName !== 'INVALID_CONFIG') return HINTS[errorName]
  const unknown = /Unknown topic config name: (\S+)/.exec(message)?.[1]
  if (unknown !== undefined) {
    const { explainConfigs } = await import('../../broker/index.ts')
    const topicConfigs = explainConfigs().filter((config) => config.of === 'topic')
    const nearest = nearestName(
      unknown,
      topicConfigs.map(({ name }) => name),
    )
    return nearest === undefined
      ? 'See which there are with: kcli configs explain'
      : `Did you mean ${nearest}?`
  }
  const name = /for configuration ([\w.]+)/.exec(message)?.[1]
  return name === undefined ? undefined : `See what it takes with: kcli configs explain ${name}`
}
