import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bytes, int16, int32, int64, string } from '../schema.ts'

/** DescribeDelegationToken, key 41: versions 0-3, flexible from 2. */
export const describeDelegationToken = api(41, 'DescribeDelegationToken', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      owners: array(
        '0+',
        {
          principalType: string('0+'),
          principalName: string('0+'),
        },
        { nullable: '0+' },
      ),
    },
  },
  response: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      errorCode: int16('0+'),
      tokens: array('0+', {
        principalType: string('0+'),
        principalName: string('0+'),
        tokenRequesterPrincipalType: string('3+'),
        tokenRequesterPrincipalName: string('3+'),
        issueTimestamp: int64('0+'),
        expiryTimestamp: int64('0+'),
        maxTimestamp: int64('0+'),
        tokenId: string('0+'),
        hmac: bytes('0+'),
        renewers: array('0+', {
          principalType: string('0+'),
          principalName: string('0+'),
        }),
      }),
      throttleTimeMs: int32('0+'),
    },
  },
})

export type DescribeDelegationTokenRequest = Decoded<typeof describeDelegationToken.request>
export type DescribeDelegationTokenResponse = Decoded<typeof describeDelegationToken.response>
export type DescribeDelegationTokenRequestInput = Encodable<typeof describeDelegationToken.request>
export type DescribeDelegationTokenResponseInput = Encodable<typeof describeDelegationToken.response>
