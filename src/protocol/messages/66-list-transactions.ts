import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** ListTransactions, key 66: versions 0-1, flexible from 0. */
export const listTransactions = api(66, 'ListTransactions', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      stateFilters: array('0+', 'string'),
      producerIdFilters: array('0+', 'int64'),
      durationFilter: int64('1+', { default: -1 }),
    },
  },
  response: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      unknownStateFilters: array('0+', 'string'),
      transactionStates: array('0+', {
        transactionalId: string('0+'),
        producerId: int64('0+'),
        transactionState: string('0+'),
      }),
    },
  },
})

export type ListTransactionsRequest = Decoded<typeof listTransactions.request>
export type ListTransactionsResponse = Decoded<typeof listTransactions.response>
export type ListTransactionsRequestInput = Encodable<typeof listTransactions.request>
export type ListTransactionsResponseInput = Encodable<typeof listTransactions.response>
