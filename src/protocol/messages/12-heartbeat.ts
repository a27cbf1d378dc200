import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { int16, int32, string } from '../schema.ts'

/** Heartbeat, key 12: versions 0-4, flexible from 4. */
export const heartbeat = api(12, 'Heartbeat', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      groupId: string('0+'),
      generationId: int32('0+'),
      memberId: string('0+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      errorCode: int16('0+'),
    },
  },
})

export type HeartbeatRequest = Decoded<typeof heartbeat.request>
export type HeartbeatResponse = Decoded<typeof heartbeat.response>
export type HeartbeatRequestInput = Encodable<typeof heartbeat.request>
export type HeartbeatResponseInput = Encodable<typeof heartbeat.response>
