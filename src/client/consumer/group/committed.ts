import { ERROR_CODES } from '../../../protocol/index.ts'
import { type OffsetFetchResponse, offsetFetch } from '../../../protocol/messages/09-offset-fetch.ts'
import { BrokerError, ClientError, UnsupportedVersionError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { nameOf } from '../fetch/position.ts'
import type { CommittedOffset } from './commits.ts'
import type { GroupCoordinator } from './coordinator.ts'
import { isCoordinatorLost } from './membership.ts'

/** From here on the broker can hold back what a transaction has not decided (KIP-447). */
const STABLE_VERSION = 7
/** From here on several groups are asked for together (KIP-709). */
const BATCHED_VERSION = 8

type Topics = OffsetFetchResponse['topics'] | OffsetFetchResponse['groups'][number]['topics']

/**
 * One attempt to get what the group has stored for partitions; those without an offset are missing from the result.
 * Errors say whether to try again (ConsumerCoordinator.OffsetFetchResponseHandler).
 */
export async function fetchCommitted(
  coordinator: GroupCoordinator,
  groupId: string,
  partitions: readonly TopicPartition[],
  config: ResolvedConsumerConfig,
): Promise<CommittedOffset[]> {
  if (partitions.length === 0) return []
  const connection = await coordinator.connection()
  const version = connection.versionOf(offsetFetch)
  if (version < STABLE_VERSION && config.throwOnFetchStableOffsetUnsupported)
    throw new UnsupportedVersionError('the broker is too old to give only offsets that are decided')
  const numbers = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = numbers.get(topic)
    if (known === undefined) numbers.set(topic, [partition])
    else known.push(partition)
  }
  const topics = [...numbers].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
  const response = await connection.send(
    offsetFetch,
    {
      ...(version >= BATCHED_VERSION ? { groups: [{ groupId, topics }] } : { groupId, topics }),
      ...(version >= STABLE_VERSION ? { requireStable: true } : {}),
    },
    { version },
  )
  const group = version >= BATCHED_VERSION ? response.groups[0] : response
  const errorCode = group?.errorCode ?? ERROR_CODES.UNKNOWN_SERVER_ERROR
  if (isCoordinatorLost(errorCode)) coordinator.markUnknown(`it answered with error ${errorCode}`)
  if (errorCode !== ERROR_CODES.NONE) {
    const { errorName } = new BrokerError(errorCode)
    throw new BrokerError(errorCode, `group ${groupId}: its offsets cannot be read: ${errorName}`)
  }
  return found(group?.topics ?? [])
}

function found(topics: Topics): CommittedOffset[] {
  const offsets: CommittedOffset[] = []
  let unstable: BrokerError | undefined
  for (const { name, partitions } of topics) {
    for (const answer of partitions) {
      const { partitionIndex: partition, errorCode, committedOffset, committedLeaderEpoch, metadata } = answer
      const place = nameOf({ topic: name, partition })
      if (errorCode === ERROR_CODES.UNSTABLE_OFFSET_COMMIT) {
        unstable = new BrokerError(errorCode, `${place}: a transaction has yet to decide its offset`)
      } else if (errorCode === ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION) {
        throw new ClientError('KCLI_NO_PARTITION', `${place} does not exist`, { retriable: false })
      } else if (errorCode !== ERROR_CODES.NONE) {
        throw new BrokerError(errorCode, `${place}: ${new BrokerError(errorCode).errorName}`)
      } else if (committedOffset >= 0) {
        offsets.push({
          topic: name,
          partition,
          offset: committedOffset,
          leaderEpoch: committedLeaderEpoch,
          metadata: metadata ?? '',
        })
      }
    }
  }
  if (unstable !== undefined) throw unstable
  return offsets
}
