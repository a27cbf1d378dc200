import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bytes, int16, int32, int64, string } from '../schema.ts'

/** CreateDelegationToken, key 38: versions 0-3, flexible from 2. */
export const createDelegationToken = api(38, 'CreateDelegationToken', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      ownerPrincipalType: string('3+', { nullable: '3+' }),
      ownerPrincipalName: string('3+', { nullable: '3+' }),
      renewers: array('0+', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
      maxLifetimeMs: int64('0+'),
    },
  },
  response: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      errorCode: int16('0+'),
      principalType: string('0+'),
      principalName: string('0+'),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestampMs: int64('0+'),
      expiryTimestampMs: int64('0+'),
      maxTimestampMs: int64('0+'),
      tokenId: string('0+'),
      hmac: bytes('0+'),
      throttleTimeMs: int32('0+'),
    },
  },
})

export type CreateDelegationTokenRequest = Decoded<typeof createDelegationToken.request>
export type CreateDelegationTokenResponse = Decoded<typeof createDelegationToken.response>
export type CreateDelegationTokenRequestInput = Encodable<typeof createDelegationToken.request>
export type CreateDelegationTokenResponseInput = Encodable<typeof createDelegationToken.response>
