import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, uint16, uuid } from '../schema.ts'

/** AddRaftVoter, key 80: versions 0, flexible from 0. */
export const addRaftVoter = api(80, 'AddRaftVoter', {
  listeners: ['controller', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      clusterId: string('0+', { nullable: '0+' }),
      timeoutMs: int32('0+'),
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
      listeners: array('0+', {
        name: string('0+'),
        host: string('0+'),
        port: uint16('0+'),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', ignorable: true }),
    },
  },
})

export type AddRaftVoterRequest = Decoded<typeof addRaftVoter.request>
export type AddRaftVoterResponse = Decoded<typeof addRaftVoter.response>
export type AddRaftVoterRequestInput = Encodable<typeof addRaftVoter.request>
export type AddRaftVoterResponseInput = Encodable<typeof addRaftVoter.response>
