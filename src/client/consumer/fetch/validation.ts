import { ERROR_CODES, errorInfo } from '../../../protocol/index.ts'
import {
  type OffsetForLeaderEpochResponse,
  offsetForLeaderEpoch,
} from '../../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { ClientCore } from '../../core.ts'
import { BrokerError, ClientError, type Connection } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import { nameOf, type Position } from './position.ts'

/** Below this version a consumer may not ask (it needs CLUSTER_ACTION), or is not told enough. */
const FIRST_CONSUMER_VERSION = 3
const CONSUMER = -1

/** How far the log of the present leader goes with an epoch that we have read. */
export interface EpochEnd {
  readonly errorCode: number
  /** The largest epoch of the log that is not above the one asked for; -1: the log has none. */
  readonly leaderEpoch: number
  readonly endOffset: number
}

/**
 * The log was truncated below the position by an unclean election: what was read last is not in it any more (KIP-320;
 * org.apache.kafka.clients.consumer.LogTruncationException).
 */
export class LogTruncationError extends ClientError {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** From where on the log differs from what was read; undefined when the leader cannot tell. */
  readonly divergentOffset: number | undefined

  constructor(at: TopicPartition, offset: number, divergentOffset: number | undefined) {
    const where = divergentOffset === undefined ? '' : ` from offset ${divergentOffset} on`
    super('KCLI_LOG_TRUNCATED', `the log of ${nameOf(at)} is not the one that was read${where}`, {
      retriable: false,
      hint: 'Records before the position were lost with a leader. Seek to the offset to go on, or let the consumer reset.',
    })
    this.topic = at.topic
    this.partition = at.partition
    this.offset = offset
    this.divergentOffset = divergentOffset
  }
}

export function canValidate(connection: Connection): boolean {
  return (connection.brokerVersions.get(offsetForLeaderEpoch.key)?.to ?? -1) >= FIRST_CONSUMER_VERSION
}

/** Asks the leader for the end of the epoch of each position. By `TOPIC-PARTITION`. */
export async function askEpochEnds(
  core: ClientCore,
  connection: Connection,
  positions: readonly Position[],
): Promise<Map<string, EpochEnd>> {
  const topics = new Map<string, object[]>()
  for (const { topic, partition, offsetEpoch } of positions) {
    const currentLeaderEpoch = core.metadata.partition(topic, partition)?.leaderEpoch ?? -1
    const entry = { partition, currentLeaderEpoch, leaderEpoch: offsetEpoch }
    const entries = topics.get(topic)
    if (entries === undefined) topics.set(topic, [entry])
    else entries.push(entry)
  }
  const response: OffsetForLeaderEpochResponse = await connection.send(offsetForLeaderEpoch, {
    replicaId: CONSUMER,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  })
  const ends = new Map<string, EpochEnd>()
  for (const { topic, partitions } of response.topics)
    for (const answer of partitions) ends.set(nameOf({ topic, partition: answer.partition }), answer)
  return ends
}

/** What a leader's answer means for a position (SubscriptionState.maybeCompleteValidation). */
export type Verdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'again' }
  | { readonly kind: 'truncated'; readonly divergentOffset: number | undefined; readonly epoch: number }
  | { readonly kind: 'failed'; readonly error: Error }

export function judge(position: Position, end: EpochEnd | undefined): Verdict {
  if (end === undefined) return { kind: 'again' }
  if (end.errorCode !== ERROR_CODES.NONE) {
    const { name } = errorInfo(end.errorCode)
    if (end.errorCode !== ERROR_CODES.TOPIC_AUTHORIZATION_FAILED) return { kind: 'again' }
    const error = new BrokerError(end.errorCode, `${nameOf(position)} cannot be read: ${name}`)
    return { kind: 'failed', error }
  }
  if (end.endOffset < 0 || end.leaderEpoch < 0)
    return { kind: 'truncated', divergentOffset: undefined, epoch: -1 }
  if (end.endOffset < position.offset)
    return { kind: 'truncated', divergentOffset: end.endOffset, epoch: end.leaderEpoch }
  return { kind: 'valid' }
}
