import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** OffsetDelete, key 47: versions 0, never flexible. */
export const offsetDelete = api(47, 'OffsetDelete', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0',
    flexible: 'none',
    fields: {
      groupId: string('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
        }),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: 'none',
    fields: {
      errorCode: int16('0+'),
      throttleTimeMs: int32('0+', { ignorable: true }),
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

export type OffsetDeleteRequest = Decoded<typeof offsetDelete.request>
export type OffsetDeleteResponse = Decoded<typeof offsetDelete.response>
export type OffsetDeleteRequestInput = Encodable<typeof offsetDelete.request>
export type OffsetDeleteResponseInput = Encodable<typeof offsetDelete.response>
