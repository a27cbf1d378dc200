import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bytes, int16, int32, int64 } from '../schema.ts'

/** ExpireDelegationToken, key 40: versions 0-2, flexible from 2. */
export const expireDelegationToken = api(40, 'ExpireDelegationToken', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      hmac: bytes('0+'),
      expiryTimePeriodMs: int64('0+'),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      errorCode: int16('0+'),
      expiryTimestampMs: int64('0+'),
      throttleTimeMs: int32('0+'),
    },
  },
})

export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationToken.request>
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationToken.response>
export type ExpireDelegationTokenRequestInput = Encodable<typeof expireDelegationToken.request>
export type ExpireDelegationTokenResponseInput = Encodable<typeof expireDelegationToken.response>
