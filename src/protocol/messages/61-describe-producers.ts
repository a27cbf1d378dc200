import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** DescribeProducers, key 61: versions 0, flexible from 0. */
export const describeProducers = api(61, 'DescribeProducers', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      topics: array('0+', {
        name: string('0+'),
        partitionIndexes: array('0+', 'int32'),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+', default: null }),
          activeProducers: array('0+', {
            producerId: int64('0+'),
            producerEpoch: int32('0+'),
            lastSequence: int32('0+', { default: -1 }),
            lastTimestamp: int64('0+', { default: -1 }),
            coordinatorEpoch: int32('0+'),
            currentTxnStartOffset: int64('0+', { default: -1 }),
          }),
        }),
      }),
    },
  },
})

export type DescribeProducersRequest = Decoded<typeof describeProducers.request>
export type DescribeProducersResponse = Decoded<typeof describeProducers.response>
export type DescribeProducersRequestInput = Encodable<typeof describeProducers.request>
export type DescribeProducersResponseInput = Encodable<typeof describeProducers.response>
