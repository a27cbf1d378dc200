import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, int64, string } from '../schema.ts'

/** InitProducerId, key 22: versions 0-5, flexible from 2. */
export const initProducerId = api(22, 'InitProducerId', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '2+',
    fields: {
      transactionalId: string('0+', { nullable: '0+' }),
      transactionTimeoutMs: int32('0+'),
      producerId: int64('3+', { default: -1 }),
      producerEpoch: int16('3+', { default: -1 }),
    },
  },
  response: {
    versions: '0-5',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+', { ignorable: true }),
      errorCode: int16('0+'),
      producerId: int64('0+', { default: -1 }),
      producerEpoch: int16('0+'),
    },
  },
})

export type InitProducerIdRequest = Decoded<typeof initProducerId.request>
export type InitProducerIdResponse = Decoded<typeof initProducerId.response>
export type InitProducerIdRequestInput = Encodable<typeof initProducerId.request>
export type InitProducerIdResponseInput = Encodable<typeof initProducerId.response>
