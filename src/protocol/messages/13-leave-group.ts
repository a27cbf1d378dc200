import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** LeaveGroup, key 13: versions 0-5, flexible from 4. */
export const leaveGroup = api(13, 'LeaveGroup', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '4+',
    fields: {
      groupId: string('0+'),
      memberId: string('0-2'),
      members: array('3+', {
        memberId: string('3+'),
        groupInstanceId: string('3+', { nullable: '3+', default: null }),
        reason: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
    },
  },
  response: {
    versions: '0-5',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      errorCode: int16('0+'),
      members: array('3+', {
        memberId: string('3+'),
        groupInstanceId: string('3+', { nullable: '3+' }),
        errorCode: int16('3+'),
      }),
    },
  },
})

export type LeaveGroupRequest = Decoded<typeof leaveGroup.request>
export type LeaveGroupResponse = Decoded<typeof leaveGroup.response>
export type LeaveGroupRequestInput = Encodable<typeof leaveGroup.request>
export type LeaveGroupResponseInput = Encodable<typeof leaveGroup.response>
