import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
} as const

/** ShareGroupHeartbeat, key 76: versions 0, flexible from 0. */
export const shareGroupHeartbeat = api(76, 'ShareGroupHeartbeat', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupId: string('0+'),
      memberId: string('0+'),
      memberEpoch: int32('0+'),
      rackId: string('0+', { nullable: '0+', default: null }),
      subscribedTopicNames: array('0+', 'string', { nullable: '0+', default: null }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      memberId: string('0+', { nullable: '0+', default: null }),
      memberEpoch: int32('0+'),
      heartbeatIntervalMs: int32('0+'),
      assignment: struct(
        '0+',
        {
          topicPartitions: array('0+', topicPartitions),
        },
        { nullable: '0+', default: null },
      ),
    },
  },
})

export type ShareGroupHeartbeatRequest = Decoded<typeof shareGroupHeartbeat.request>
export type ShareGroupHeartbeatResponse = Decoded<typeof shareGroupHeartbeat.response>
export type ShareGroupHeartbeatRequestInput = Encodable<typeof shareGroupHeartbeat.request>
export type ShareGroupHeartbeatResponseInput = Encodable<typeof shareGroupHeartbeat.response>
