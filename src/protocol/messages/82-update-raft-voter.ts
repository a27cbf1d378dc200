import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, struct, uint16, uuid } from '../schema.ts'

/** UpdateRaftVoter, key 82: versions 0, flexible from 0. */
export const updateRaftVoter = api(82, 'UpdateRaftVoter', {
  listeners: ['controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      clusterId: string('0+', { nullable: '0+' }),
      currentLeaderEpoch: int32('0+'),
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
      listeners: array('0+', {
        name: string('0+'),
        host: string('0+'),
        port: uint16('0+'),
      }),
      kRaftVersionFeature: struct('0+', {
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      currentLeader: struct(
        '0+',
        {
          leaderId: int32('0+', { default: -1 }),
          leaderEpoch: int32('0+', { default: -1 }),
          host: string('0+'),
          port: int32('0+'),
        },
        { tag: 0, tagged: '0+' },
      ),
    },
  },
})

export type UpdateRaftVoterRequest = Decoded<typeof updateRaftVoter.request>
export type UpdateRaftVoterResponse = Decoded<typeof updateRaftVoter.response>
export type UpdateRaftVoterRequestInput = Encodable<typeof updateRaftVoter.request>
export type UpdateRaftVoterResponseInput = Encodable<typeof updateRaftVoter.response>
