import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bytes, int16, int32, string } from '../schema.ts'

/** SyncGroup, key 14: versions 0-5, flexible from 4. */
export const syncGroup = api(14, 'SyncGroup', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '4+',
    fields: {
      groupId: string('0+'),
      generationId: int32('0+'),
      memberId: string('0+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
      protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
      assignments: array('0+', {
        memberId: string('0+'),
        assignment: bytes('0+'),
      }),
    },
  },
  response: {
    versions: '0-5',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      errorCode: int16('0+'),
      protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
      protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
      assignment: bytes('0+'),
    },
  },
})

export type SyncGroupRequest = Decoded<typeof syncGroup.request>
export type SyncGroupResponse = Decoded<typeof syncGroup.response>
export type SyncGroupRequestInput = Encodable<typeof syncGroup.request>
export type SyncGroupResponseInput = Encodable<typeof syncGroup.response>
