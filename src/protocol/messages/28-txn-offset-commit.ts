import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** TxnOffsetCommit, key 28: versions 0-4, flexible from 3. */
export const txnOffsetCommit = api(28, 'TxnOffsetCommit', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      transactionalId: string('0+'),
      groupId: string('0+'),
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      generationId: int32('3+', { default: -1 }),
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          committedOffset: int64('0+'),
          committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
          committedMetadata: string('0+', { nullable: '0+' }),
        }),
      }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      throttleTimeMs: int32('0+'),
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

export type TxnOffsetCommitRequest = Decoded<typeof txnOffsetCommit.request>
export type TxnOffsetCommitResponse = Decoded<typeof txnOffsetCommit.response>
export type TxnOffsetCommitRequestInput = Encodable<typeof txnOffsetCommit.request>
export type TxnOffsetCommitResponseInput = Encodable<typeof txnOffsetCommit.response>
