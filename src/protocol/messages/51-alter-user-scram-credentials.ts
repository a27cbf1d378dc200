import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bytes, int8, int16, int32, string } from '../schema.ts'

/** AlterUserScramCredentials, key 51: versions 0, flexible from 0. */
export const alterUserScramCredentials = api(51, 'AlterUserScramCredentials', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      deletions: array('0+', {
        name: string('0+'),
        mechanism: int8('0+'),
      }),
      upsertions: array('0+', {
        name: string('0+'),
        mechanism: int8('0+'),
        iterations: int32('0+'),
        salt: bytes('0+'),
        saltedPassword: bytes('0+'),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        user: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    },
  },
})

export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentials.request>
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentials.response>
export type AlterUserScramCredentialsRequestInput = Encodable<typeof alterUserScramCredentials.request>
export type AlterUserScramCredentialsResponseInput = Encodable<typeof alterUserScramCredentials.response>
