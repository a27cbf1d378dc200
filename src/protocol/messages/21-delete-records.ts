import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** DeleteRecords, key 21: versions 0-2, flexible from 2. */
export const deleteRecords = api(21, 'DeleteRecords', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          offset: int64('0+'),
        }),
      }),
      timeoutMs: int32('0+'),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          lowWatermark: int64('0+'),
          errorCode: int16('0+'),
        }),
      }),
    },
  },
})

export type DeleteRecordsRequest = Decoded<typeof deleteRecords.request>
export type DeleteRecordsResponse = Decoded<typeof deleteRecords.response>
export type DeleteRecordsRequestInput = Encodable<typeof deleteRecords.request>
export type DeleteRecordsResponseInput = Encodable<typeof deleteRecords.response>
