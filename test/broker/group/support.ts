import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { BrokerConfig } from '../../../src/broker/broker-config.ts'
import { GroupCoordinator, OFFSETS_TOPIC } from '../../../src/broker/group/index.ts'
import type { JoinRequest } from '../../../src/broker/group/membership.ts'
import type { AppendRequest, AppendResult } from '../../../src/broker/replica/index.ts'
import type { ErrorName } from '../../../src/protocol/index.ts'
import { encodeVersioned } from '../../../src/protocol/index.ts'
import { consumerProtocolSubscription } from '../../../src/protocol/internal/index.ts'
import { lastOffsetDelta, readAllRecords } from '../../../src/records/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const GROUP = 'g'

/** The partitions of the offsets topic as bytes in memory, with errors and delays on demand. */
export class FakeReplicas {
  readonly logs = new Map<number, Buffer[]>()
  /** What the next appends end with. */
  error: ErrorName = 'NONE'
  /** Set: appends wait for it. */
  hold: Promise<void> | undefined
  private readonly ends = new Map<number, number>()

  async appendRecords({ entries }: AppendRequest): Promise<AppendResult[]> {
    const { error } = this
    const results = entries.map(({ topic, partition, records }): AppendResult => {
      const baseOffset = error === 'NONE' ? this.add(partition, records as Buffer) : -1
      const offsets = { baseOffset, lastOffset: -1, logAppendTimeMs: -1, logStartOffset: 0 }
      return { topic, partition, error, errorMessage: null, recordErrors: [], ...offsets }
    })
    await this.hold
    return results
  }

  add(partition: number, batch: Buffer): number {
    const baseOffset = this.ends.get(partition) ?? 0
    batch.writeBigInt64BE(BigInt(baseOffset), 0)
    this.ends.set(partition, baseOffset + lastOffsetDelta(batch, 0) + 1)
    this.logs.set(partition, [...(this.logs.get(partition) ?? []), batch])
    return baseOffset
  }

  /** Keys and values of all records, in order. */
  records(partition = 0) {
    return [...readAllRecords(Buffer.concat(this.logs.get(partition) ?? []))]
  }

  partition(_topic: string, partition: number) {
    const batches = () => this.logs.get(partition) ?? []
    const leaderLog = {
      topic: OFFSETS_TOPIC,
      partition,
      logStartOffset: 0,
      logEndOffset: this.ends.get(partition) ?? 0,
      read: async (startOffset: number) => {
        let offset = 0
        for (const batch of batches()) {
          const next = offset + lastOffsetDelta(batch, 0) + 1
          // One batch at a time: loading has to go on by itself.
          if (next > startOffset) return { startOffset: offset, parts: [batch], sizeBytes: batch.length }
          offset = next
        }
        return { startOffset, parts: [], sizeBytes: 0 }
      },
    }
    return { leaderLog } as unknown as ReturnType<
      ConstructorParameters<typeof GroupCoordinator>[0]['replicas']['partition']
    >
  }
}

/** A coordinator of all groups, on virtual time, over logs in memory. */
export class TestGroups {
  readonly clock = new ManualClock()
  readonly replicas: FakeReplicas
  readonly coordinator: GroupCoordinator

  constructor(properties: Readonly<Record<string, string>> = {}, replicas = new FakeReplicas()) {
    this.replicas = replicas
    this.coordinator = new GroupCoordinator({
      config: BrokerConfig.fromProperties({
        'broker.id': '0',
        'offsets.topic.num.partitions': '1',
        'group.initial.rebalance.delay.ms': '0',
        ...properties,
      }),
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      replicas,
      offsetsTopic: { isThere: () => true, stored: () => Promise.resolve(1) },
    })
    this.coordinator.start()
    this.elect()
  }

  elect(): void {
    this.coordinator.onLeadershipChange([{ topic: OFFSETS_TOPIC, partition: 0 }], [])
  }

  resign(): void {
    this.coordinator.onLeadershipChange([], [{ topic: OFFSETS_TOPIC, partition: 0 }])
  }

  join(over: Partial<JoinRequest> = {}) {
    return this.coordinator.membership.join({
      groupId: GROUP,
      memberId: '',
      groupInstanceId: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription('orders') }],
      reason: null,
      requireKnownMemberId: false,
      supportsSkippingAssignment: true,
      ...over,
    })
  }

  sync(memberId: string, generationId: number, assignments: Readonly<Record<string, string>> = {}) {
    return this.coordinator.membership.sync({
      groupId: GROUP,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: new Map(Object.entries(assignments).map(([id, text]) => [id, Buffer.from(text)])),
    })
  }

  beat(memberId: string, generationId: number, groupInstanceId: string | null = null) {
    return this.coordinator.membership.heartbeat({ groupId: GROUP, memberId, generationId, groupInstanceId })
  }

  leave(...memberIds: string[]) {
    const leaving = memberIds.map((memberId) => ({ memberId, groupInstanceId: null, reason: null }))
    return this.coordinator.membership.leave(GROUP, leaving)
  }

  /** As who is no member, unless told otherwise. */
  async commit(
    offset: number,
    over: { topic?: string; memberId?: string; generationId?: number; retentionMs?: number } = {},
  ) {
    const { topic = 'orders', memberId = '', generationId = -1, retentionMs = -1 } = over
    const [outcome] = await this.coordinator.offsets.commit({
      groupId: GROUP,
      memberId,
      generationId,
      groupInstanceId: null,
      retentionMs,
      offsets: [{ topic, partition: 0, offset, leaderEpoch: 3, metadata: 'm', commitTimestampMs: -1 }],
    })
    return outcome?.error
  }

  /** Committed offsets by topic. */
  async offsets(): Promise<Record<string, number>> {
    const { offsets } = await this.coordinator.offsets.fetch(GROUP, null, false)
    return Object.fromEntries(offsets.map(({ topic, committed }) => [topic, committed?.offset ?? -1]))
  }

  async state(): Promise<string> {
    return (await this.coordinator.admin.describe(GROUP)).state
  }

  /** A stable group of so many members; their ids, the leader first. */
  async stable(count: number, over: Partial<JoinRequest> = {}): Promise<string[]> {
    const first = await this.clock.run(this.join(over))
    let joins = [first]
    for (let size = 2; size <= count; size++) {
      const members = joins.map(({ memberId }) => memberId)
      const next = this.join(over)
      await this.clock.settle()
      joins = await this.clock.run(
        Promise.all([...members.map((memberId) => this.join({ ...over, memberId })), next]),
      )
    }
    const { generationId, leaderId } = joins[0] as (typeof joins)[number]
    const ids = joins
      .map(({ memberId }) => memberId)
      .sort((a, b) => Number(b === leaderId) - Number(a === leaderId))
    const assignments = Object.fromEntries(ids.map((id, i) => [id, `work ${i}`]))
    await this.clock.run(
      Promise.all(ids.map((id, i) => this.sync(id, generationId, i === 0 ? assignments : {}))),
    )
    return ids
  }
}

export function subscription(...topics: string[]): Buffer {
  return encodeVersioned(consumerProtocolSubscription, 1, { topics, userData: null, ownedPartitions: [] })
}

/** Whether it is still open, and what it became. */
export function watch<T>(promise: Promise<T>): { result: T | undefined } {
  const watched: { result: T | undefined } = { result: undefined }
  promise.then((result) => {
    watched.result = result
  })
  return watched
}
