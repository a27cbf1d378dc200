import { describe, expect, it } from 'vitest'
import { GroupHistory, type OffsetsRecord, readGroupEvent } from '../../src/lag/index.ts'
import { CodecError, encodeVersioned } from '../../src/protocol/index.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../src/protocol/internal/index.ts'
import { testRandom } from '../support/seed.ts'

const commit = (group: string, partition: number, offset: number | null): OffsetsRecord => ({
  key: encodeVersioned(offsetCommitKey, 1, { group, topic: 'orders', partition }),
  value:
    offset === null
      ? null
      : encodeVersioned(offsetCommitValue, 3, { offset, leaderEpoch: 2, metadata: 'm', commitTimestamp: 5 }),
  timestampMs: 5,
})

const generation = (group: string, memberIds: readonly string[] | null): OffsetsRecord => ({
  key: encodeVersioned(groupMetadataKey, 2, { group }),
  value:
    memberIds &&
    encodeVersioned(groupMetadataValue, 3, {
      protocolType: 'consumer',
      generation: 4,
      protocol: memberIds.length > 0 ? 'range' : null,
      leader: memberIds[0] ?? null,
      currentStateTimestamp: 1,
      members: memberIds.map((memberId) => ({
        memberId,
        groupInstanceId: null,
        clientId: 'c',
        clientHost: '/h',
        sessionTimeout: 1,
        subscription: encodeVersioned(consumerProtocolSubscription, 1, { topics: ['orders'] }),
        assignment: encodeVersioned(consumerProtocolAssignment, 1, {
          assignedPartitions: [{ topic: 'orders', partitions: [1] }],
        }),
      })),
    }),
  timestampMs: 5,
})

function replayed(...records: OffsetsRecord[]) {
  const history = new GroupHistory()
  for (const record of records) {
    const event = readGroupEvent(record)
    if (event !== undefined) history.take(event)
  }
  return history.groups()
}

describe('the history of groups', () => {
  it('is what the last records say', () => {
    const groups = replayed(generation('b', ['m1']), commit('a', 1, 3), commit('a', 0, 1), commit('a', 1, 9))
    expect(groups).toMatchObject([
      {
        groupId: 'a',
        generation: null,
        offsets: [
          { partition: 0, offset: 1 },
          { partition: 1, offset: 9 },
        ],
      },
      {
        groupId: 'b',
        generation: {
          protocol: 'range',
          generation: 4,
          members: [{ memberId: 'm1', topics: ['orders'], partitions: [{ topic: 'orders', partition: 1 }] }],
        },
        offsets: [],
      },
    ])
    expect(groups[0]?.offsets[0]).toMatchObject({ leaderEpoch: 2, metadata: 'm', timestampMs: 5 })
  })

  it('forgets offsets and groups', () => {
    expect(replayed(commit('a', 1, 3), generation('a', []), commit('a', 1, null))).toMatchObject([
      { groupId: 'a', generation: { protocol: '', members: [] }, offsets: [] },
    ])
    expect(
      replayed(commit('a', 1, 3), generation('a', []), commit('a', 1, null), generation('a', null)),
    ).toEqual([])
  })

  it('passes over what later versions write, and other groups', () => {
    const later = { key: Buffer.from([0, 3, 0, 0]), value: Buffer.from([0]), timestampMs: 1 }
    expect(readGroupEvent(later)).toBeUndefined()
    expect(readGroupEvent({ key: null, value: null, timestampMs: 1 })).toBeUndefined()
    expect(readGroupEvent(commit('a', 1, 3), (groupId) => groupId === 'b')).toBeUndefined()
  })

  it('takes whatever bytes there are for nothing worse than damaged', () => {
    const { seed, random } = testRandom()
    const whole = [commit('a', 1, 3), generation('b', ['m1', 'm2'])]
    for (let i = 0; i < 2000; i++) {
      const { key, value } = whole[i % 2] as OffsetsRecord
      const spoilt = [key, value].map((bytes) => {
        const copy = Buffer.from(bytes ?? [])
        const at = Math.floor(random.next() * copy.length)
        copy[at] = Math.floor(random.next() * 256)
        return random.next() < 0.3 ? copy.subarray(0, at) : copy
      })
      try {
        readGroupEvent({ key: spoilt[0] ?? null, value: spoilt[1] ?? null, timestampMs: 1 })
      } catch (error) {
        expect(error, `seed ${seed}, round ${i}`).toBeInstanceOf(CodecError)
      }
    }
  })

  it('says when a record is damaged', () => {
    const damaged = { ...commit('a', 1, 3), value: Buffer.from([0, 3, 1]) }
    expect(() => readGroupEvent(damaged)).toThrow(CodecError)
  })
})
