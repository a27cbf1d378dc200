import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, int64, string } from '../schema.ts'

/** ListOffsets, key 2: versions 0-9, flexible from 6. */
export const listOffsets = api(2, 'ListOffsets', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-9',
    flexible: '6+',
    fields: {
      replicaId: int32('0+'),
      isolationLevel: int8('2+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }),
          timestamp: int64('0+'),
          maxNumOffsets: int32('0', { default: 1 }),
        }),
      }),
    },
  },
  response: {
    versions: '0-9',
    flexible: '6+',
    fields: {
      throttleTimeMs: int32('2+', { ignorable: true }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          oldStyleOffsets: array('0', 'int64'),
          timestamp: int64('1+', { default: -1 }),
          offset: int64('1+', { default: -1 }),
          leaderEpoch: int32('4+', { default: -1 }),
        }),
      }),
    },
  },
})

export type ListOffsetsRequest = Decoded<typeof listOffsets.request>
export type ListOffsetsResponse = Decoded<typeof listOffsets.response>
export type ListOffsetsRequestInput = Encodable<typeof listOffsets.request>
export type ListOffsetsResponseInput = Encodable<typeof listOffsets.response>
