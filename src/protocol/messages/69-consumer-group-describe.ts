import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid('0+'),
  topicName: string('0+'),
  partitions: array('0+', 'int32'),
} as const

const assignment = {
  topicPartitions: array('0+', topicPartitions),
} as const

/** ConsumerGroupDescribe, key 69: versions 0, flexible from 0. */
export const consumerGroupDescribe = api(69, 'ConsumerGroupDescribe', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupIds: array('0+', 'string'),
      includeAuthorizedOperations: bool('0+'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      groups: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        groupId: string('0+'),
        groupState: string('0+'),
        groupEpoch: int32('0+'),
        assignmentEpoch: int32('0+'),
        assignorName: string('0+'),
        members: array('0+', {
          memberId: string('0+'),
          instanceId: string('0+', { nullable: '0+', default: null }),
          rackId: string('0+', { nullable: '0+', default: null }),
          memberEpoch: int32('0+'),
          clientId: string('0+'),
          clientHost: string('0+'),
          subscribedTopicNames: array('0+', 'string'),
          subscribedTopicRegex: string('0+', { nullable: '0+', default: null }),
          assignment: struct('0+', assignment),
          targetAssignment: struct('0+', assignment),
        }),
        authorizedOperations: int32('0+', { default: -2147483648 }),
      }),
    },
  },
})

export type ConsumerGroupDescribeRequest = Decoded<typeof consumerGroupDescribe.request>
export type ConsumerGroupDescribeResponse = Decoded<typeof consumerGroupDescribe.response>
export type ConsumerGroupDescribeRequestInput = Encodable<typeof consumerGroupDescribe.request>
export type ConsumerGroupDescribeResponseInput = Encodable<typeof consumerGroupDescribe.response>
