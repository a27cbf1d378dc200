import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string } from '../schema.ts'

/** WriteTxnMarkers, key 27: versions 0-1, flexible from 1. */
export const writeTxnMarkers = api(27, 'WriteTxnMarkers', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      markers: array('0+', {
        producerId: int64('0+'),
        producerEpoch: int16('0+'),
        transactionResult: bool('0+'),
        topics: array('0+', {
          name: string('0+'),
          partitionIndexes: array('0+', 'int32'),
        }),
        coordinatorEpoch: int32('0+'),
      }),
    },
  },
  response: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      markers: array('0+', {
        producerId: int64('0+'),
        topics: array('0+', {
          name: string('0+'),
          partitions: array('0+', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
          }),
        }),
      }),
    },
  },
})

export type WriteTxnMarkersRequest = Decoded<typeof writeTxnMarkers.request>
export type WriteTxnMarkersResponse = Decoded<typeof writeTxnMarkers.response>
export type WriteTxnMarkersRequestInput = Encodable<typeof writeTxnMarkers.request>
export type WriteTxnMarkersResponseInput = Encodable<typeof writeTxnMarkers.response>
