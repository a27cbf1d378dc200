import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bytes, int16, int32, int64 } from '../schema.ts'

/** RenewDelegationToken, key 39: versions 0-2, flexible from 2. */
export const renewDelegationToken = api(39, 'RenewDelegationToken', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      hmac: bytes('0+'),
      renewPeriodMs: int64('0+'),
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

export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationToken.request>
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationToken.response>
export type RenewDelegationTokenRequestInput = Encodable<typeof renewDelegationToken.request>
export type RenewDelegationTokenResponseInput = Encodable<typeof renewDelegationToken.response>
