import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
} as const

/** ConsumerGroupHeartbeat, key 68: versions 0, flexible from 0. */
export const consumerGroupHeartbeat = api(68, 'ConsumerGroupHeartbeat', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupId: string('0+'),
      memberId: string('0+'),
      memberEpoch: int32('0+'),
      instanceId: string('0+', { nullable: '0+', default: null }),
      rackId: string('0+', { nullable: '0+', default: null }),
      rebalanceTimeoutMs: int32('0+', { default: -1 }),
      subscribedTopicNames: array('0+', 'string', { nullable: '0+', default: null }),
      serverAssignor: string('0+', { nullable: '0+', default: null }),
      topicPartitions: array(
        '0+',
        {
          topicId: uuid('0+'),
          partitions: array('0+', 'int32'),
        },
        { nullable: '0+', default: null },
      ),
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

export type ConsumerGroupHeartbeatRequest = Decoded<typeof consumerGroupHeartbeat.request>
export type ConsumerGroupHeartbeatResponse = Decoded<typeof consumerGroupHeartbeat.response>
export type ConsumerGroupHeartbeatRequestInput = Encodable<typeof consumerGroupHeartbeat.request>
export type ConsumerGroupHeartbeatResponseInput = Encodable<typeof consumerGroupHeartbeat.response>
