import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** DescribeUserScramCredentials, key 50: versions 0, flexible from 0. */
export const describeUserScramCredentials = api(50, 'DescribeUserScramCredentials', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      users: array(
        '0+',
        {
          name: string('0+'),
        },
        { nullable: '0+' },
      ),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      results: array('0+', {
        user: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        credentialInfos: array('0+', {
          mechanism: int8('0+'),
          iterations: int32('0+'),
        }),
      }),
    },
  },
})

export type DescribeUserScramCredentialsRequest = Decoded<typeof describeUserScramCredentials.request>
export type DescribeUserScramCredentialsResponse = Decoded<typeof describeUserScramCredentials.response>
export type DescribeUserScramCredentialsRequestInput = Encodable<typeof describeUserScramCredentials.request>
export type DescribeUserScramCredentialsResponseInput = Encodable<
  typeof describeUserScramCredentials.response
>
