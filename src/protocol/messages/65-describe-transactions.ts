import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** DescribeTransactions, key 65: versions 0, flexible from 0. */
export const describeTransactions = api(65, 'DescribeTransactions', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      transactionalIds: array('0+', 'string'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      transactionStates: array('0+', {
        errorCode: int16('0+'),
        transactionalId: string('0+'),
        transactionState: string('0+'),
        transactionTimeoutMs: int32('0+'),
        transactionStartTimeMs: int64('0+'),
        producerId: int64('0+'),
        producerEpoch: int16('0+'),
        topics: array('0+', {
          topic: string('0+'),
          partitions: array('0+', 'int32'),
        }),
      }),
    },
  },
})

export type DescribeTransactionsRequest = Decoded<typeof describeTransactions.request>
export type DescribeTransactionsResponse = Decoded<typeof describeTransactions.response>
export type DescribeTransactionsRequestInput = Encodable<typeof describeTransactions.request>
export type DescribeTransactionsResponseInput = Encodable<typeof describeTransactions.response>
