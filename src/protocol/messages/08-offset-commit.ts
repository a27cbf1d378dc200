import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** OffsetCommit, key 8: versions 0-9, flexible from 8. */
export const offsetCommit = api(8, 'OffsetCommit', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-9',
    flexible: '8+',
    fields: {
      groupId: string('0+'),
      generationIdOrMemberEpoch: int32('1+', { default: -1, ignorable: true }),
      memberId: string('1+', { ignorable: true }),
      groupInstanceId: string('7+', { nullable: '7+', default: null }),
      retentionTimeMs: int64('2-4', { default: -1, ignorable: true }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          committedOffset: int64('0+'),
          committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
          commitTimestamp: int64('1', { default: -1 }),
          committedMetadata: string('0+', { nullable: '0+' }),
        }),
      }),
    },
  },
  response: {
    versions: '0-9',
    flexible: '8+',
    fields: {
      throttleTimeMs: int32('3+', { ignorable: true }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
        }),
      }),
    },
  },
})

export type OffsetCommitRequest = Decoded<typeof offsetCommit.request>
export type OffsetCommitResponse = Decoded<typeof offsetCommit.response>
export type OffsetCommitRequestInput = Encodable<typeof offsetCommit.request>
export type OffsetCommitResponseInput = Encodable<typeof offsetCommit.response>
