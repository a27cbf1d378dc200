import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, int64 } from '../schema.ts'

/** AllocateProducerIds, key 67: versions 0, flexible from 0. */
export const allocateProducerIds = api(67, 'AllocateProducerIds', {
  listeners: ['zkBroker', 'controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
      brokerEpoch: int64('0+', { default: -1 }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      producerIdStart: int64('0+'),
      producerIdLen: int32('0+'),
    },
  },
})

export type AllocateProducerIdsRequest = Decoded<typeof allocateProducerIds.request>
export type AllocateProducerIdsResponse = Decoded<typeof allocateProducerIds.response>
export type AllocateProducerIdsRequestInput = Encodable<typeof allocateProducerIds.request>
export type AllocateProducerIdsResponseInput = Encodable<typeof allocateProducerIds.response>
