import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, string } from '../schema.ts'

/** SaslHandshake, key 17: versions 0-1, never flexible. */
export const saslHandshake = api(17, 'SaslHandshake', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-1',
    flexible: 'none',
    fields: {
      mechanism: string('0+'),
    },
  },
  response: {
    versions: '0-1',
    flexible: 'none',
    fields: {
      errorCode: int16('0+'),
      mechanisms: array('0+', 'string'),
    },
  },
})

export type SaslHandshakeRequest = Decoded<typeof saslHandshake.request>
export type SaslHandshakeResponse = Decoded<typeof saslHandshake.response>
export type SaslHandshakeRequestInput = Encodable<typeof saslHandshake.request>
export type SaslHandshakeResponseInput = Encodable<typeof saslHandshake.response>
