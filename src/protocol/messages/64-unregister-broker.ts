import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, string } from '../schema.ts'

/** UnregisterBroker, key 64: versions 0, flexible from 0. */
export const unregisterBroker = api(64, 'UnregisterBroker', {
  listeners: ['broker', 'controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    },
  },
})

export type UnregisterBrokerRequest = Decoded<typeof unregisterBroker.request>
export type UnregisterBrokerResponse = Decoded<typeof unregisterBroker.response>
export type UnregisterBrokerRequestInput = Encodable<typeof unregisterBroker.request>
export type UnregisterBrokerResponseInput = Encodable<typeof unregisterBroker.response>
