import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, string, uuid } from '../schema.ts'

/** RemoveRaftVoter, key 81: versions 0, flexible from 0. */
export const removeRaftVoter = api(81, 'RemoveRaftVoter', {
  listeners: ['controller', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      clusterId: string('0+', { nullable: '0+' }),
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
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

export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoter.request>
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoter.response>
export type RemoveRaftVoterRequestInput = Encodable<typeof removeRaftVoter.request>
export type RemoveRaftVoterResponseInput = Encodable<typeof removeRaftVoter.response>
