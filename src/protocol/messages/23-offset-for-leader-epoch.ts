import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** OffsetForLeaderEpoch, key 23: versions 0-4, flexible from 4. */
export const offsetForLeaderEpoch = api(23, 'OffsetForLeaderEpoch', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      replicaId: int32('3+', { default: -2, ignorable: true }),
      topics: array('0+', {
        topic: string('0+'),
        partitions: array('0+', {
          partition: int32('0+'),
          currentLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
          leaderEpoch: int32('0+'),
        }),
      }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('2+', { ignorable: true }),
      topics: array('0+', {
        topic: string('0+'),
        partitions: array('0+', {
          errorCode: int16('0+'),
          partition: int32('0+'),
          leaderEpoch: int32('1+', { default: -1, ignorable: true }),
          endOffset: int64('0+', { default: -1 }),
        }),
      }),
    },
  },
})

export type OffsetForLeaderEpochRequest = Decoded<typeof offsetForLeaderEpoch.request>
export type OffsetForLeaderEpochResponse = Decoded<typeof offsetForLeaderEpoch.response>
export type OffsetForLeaderEpochRequestInput = Encodable<typeof offsetForLeaderEpoch.request>
export type OffsetForLeaderEpochResponseInput = Encodable<typeof offsetForLeaderEpoch.response>
