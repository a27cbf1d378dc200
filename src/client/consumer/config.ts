import { ClientError } from '../net/index.ts'
import type { AssignorName, PartitionAssignor } from './assignors/assignor.ts'
import type { CommittedOffset } from './group/commits.ts'

/** Kafka's consumer configuration, in camelCase and with Kafka's defaults. */
export interface ConsumerConfig {
  readonly fetchMinBytes?: number
  readonly fetchMaxWaitMs?: number
  readonly fetchMaxBytes?: number
  readonly maxPartitionFetchBytes?: number
  readonly maxPollRecords?: number
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** What to do when a position does not exist (any more): go to an end, or fail. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  readonly checkCrcs?: boolean
  /** client.rack */
  readonly rack?: string
  /** group.id; without one there are no subscriptions and no committed offsets. */
  readonly groupId?: string | undefined
  /** group.instance.id: a static member (KIP-345). */
  readonly groupInstanceId?: string | undefined
  /** How long the group waits for a heartbeat before it goes on without this member. */
  readonly sessionTimeoutMs?: number
  readonly heartbeatIntervalMs?: number
  /** The longest time between two polls; also how long the group waits for this member in a rebalance. */
  readonly maxPollIntervalMs?: number
  /** Of no effect without a group, as there is nowhere to store offsets. */
  readonly enableAutoCommit?: boolean
  readonly autoCommitIntervalMs?: number
  /** partition.assignment.strategy, the preferred one first. */
  readonly partitionAssignors?: readonly (AssignorName | PartitionAssignor)[]
  /** Whether a subscription by pattern leaves topics like __consumer_offsets out. */
  readonly excludeInternalTopics?: boolean
  /** Whether brokers may create a topic that is subscribed to and does not exist. */
  readonly allowAutoCreateTopics?: boolean
  /** internal.leave.group.on.close */
  readonly leaveGroupOnClose?: boolean
  /** internal.throw.on.fetch.stable.offset.unsupported */
  readonly throwOnFetchStableOffsetUnsupported?: boolean
  /** Hears of every commit that was stored, whoever wanted it (ConsumerInterceptor.onCommit). Must not throw. */
  readonly onCommit?: (offsets: readonly CommittedOffset[]) => void
}

type Optional = 'groupId' | 'groupInstanceId' | 'onCommit'

export type ResolvedConsumerConfig = Required<Omit<ConsumerConfig, Optional>> & {
  readonly groupId: string | undefined
  readonly groupInstanceId: string | undefined
  readonly onCommit: ConsumerConfig['onCommit']
}

/** Fills in the defaults and refuses what contradicts itself, as Kafka's consumer does. */
export function resolveConsumerConfig(config: ConsumerConfig): ResolvedConsumerConfig {
  const resolved = {
    fetchMinBytes: 1,
    fetchMaxWaitMs: 500,
    fetchMaxBytes: 52_428_800,
    maxPartitionFetchBytes: 1_048_576,
    maxPollRecords: 500,
    isolationLevel: 'read_uncommitted' as const,
    autoOffsetReset: 'latest' as const,
    checkCrcs: true,
    rack: '',
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 3_000,
    maxPollIntervalMs: 300_000,
    enableAutoCommit: config.groupId !== undefined,
    autoCommitIntervalMs: 5_000,
    partitionAssignors: ['range', 'cooperative-sticky'] as const,
    excludeInternalTopics: true,
    allowAutoCreateTopics: true,
    leaveGroupOnClose: true,
    throwOnFetchStableOffsetUnsupported: false,
    ...config,
    groupId: config.groupId,
    groupInstanceId: config.groupInstanceId,
    onCommit: config.onCommit,
  }
  check(resolved)
  return resolved
}

function check(config: ResolvedConsumerConfig): void {
  if (config.groupId === '') throw refused('group.id is empty', 'Name the group, or leave it out.')
  if (config.groupId === undefined && config.enableAutoCommit)
    throw refused('enable.auto.commit is on and there is no group.id', 'Name a group, or turn it off.')
  if (config.heartbeatIntervalMs >= config.sessionTimeoutMs) {
    const { heartbeatIntervalMs, sessionTimeoutMs } = config
    const message = `heartbeat.interval.ms is ${heartbeatIntervalMs}, not less than session.timeout.ms, ${sessionTimeoutMs}`
    throw refused(message, 'A third of it is usual.')
  }
  if (config.partitionAssignors.length === 0)
    throw refused('partition.assignment.strategy is empty', 'Leave it out for range and cooperative-sticky.')
}

function refused(message: string, hint: string): ClientError {
  return new ClientError('KCLI_CONFIG', message, { retriable: false, hint })
}
