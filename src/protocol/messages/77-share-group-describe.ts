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

/** ShareGroupDescribe, key 77: versions 0, flexible from 0. */
export const shareGroupDescribe = api(77, 'ShareGroupDescribe', {
  listeners: ['broker'],
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
          rackId: string('0+', { nullable: '0+', default: null }),
          memberEpoch: int32('0+'),
          clientId: string('0+'),
          clientHost: string('0+'),
          subscribedTopicNames: array('0+', 'string'),
          assignment: struct('0+', assignment),
        }),
        authorizedOperations: int32('0+', { default: -2147483648 }),
      }),
    },
  },
})

export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribe.request>
export type ShareGroupDescribeResponse = Decoded<typeof shareGroupDescribe.response>
export type ShareGroupDescribeRequestInput = Encodable<typeof shareGroupDescribe.request>
export type ShareGroupDescribeResponseInput = Encodable<typeof shareGroupDescribe.response>
