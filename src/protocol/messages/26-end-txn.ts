import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bool, int16, int32, int64, string } from '../schema.ts'

/** EndTxn, key 26: versions 0-4, flexible from 3. */
export const endTxn = api(26, 'EndTxn', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      transactionalId: string('0+'),
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      committed: bool('0+'),
    },
  },
  response: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
    },
  },
})

export type EndTxnRequest = Decoded<typeof endTxn.request>
export type EndTxnResponse = Decoded<typeof endTxn.response>
export type EndTxnRequestInput = Encodable<typeof endTxn.request>
export type EndTxnResponseInput = Encodable<typeof endTxn.response>
