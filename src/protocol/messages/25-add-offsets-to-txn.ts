import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, int64, string } from '../schema.ts'

/** AddOffsetsToTxn, key 25: versions 0-4, flexible from 3. */
export const addOffsetsToTxn = api(25, 'AddOffsetsToTxn', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '3+',
    fields: {
      transactionalId: string('0+'),
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      groupId: string('0+'),
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

export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxn.request>
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxn.response>
export type AddOffsetsToTxnRequestInput = Encodable<typeof addOffsetsToTxn.request>
export type AddOffsetsToTxnResponseInput = Encodable<typeof addOffsetsToTxn.response>
