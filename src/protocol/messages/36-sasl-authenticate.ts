import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bytes, int16, int64, string } from '../schema.ts'

/** SaslAuthenticate, key 36: versions 0-2, flexible from 2. */
export const saslAuthenticate = api(36, 'SaslAuthenticate', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      authBytes: bytes('0+'),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      authBytes: bytes('0+'),
      sessionLifetimeMs: int64('1+', { ignorable: true }),
    },
  },
})

export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticate.request>
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticate.response>
export type SaslAuthenticateRequestInput = Encodable<typeof saslAuthenticate.request>
export type SaslAuthenticateResponseInput = Encodable<typeof saslAuthenticate.response>
