import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, bytes, int16, int32, string } from '../schema.ts'

/** DescribeGroups, key 15: versions 0-5, flexible from 5. */
export const describeGroups = api(15, 'DescribeGroups', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '5+',
    fields: {
      groups: array('0+', 'string'),
      includeAuthorizedOperations: bool('3+'),
    },
  },
  response: {
    versions: '0-5',
    flexible: '5+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      groups: array('0+', {
        errorCode: int16('0+'),
        groupId: string('0+'),
        groupState: string('0+'),
        protocolType: string('0+'),
        protocolData: string('0+'),
        members: array('0+', {
          memberId: string('0+'),
          groupInstanceId: string('4+', { nullable: '4+', default: null, ignorable: true }),
          clientId: string('0+'),
          clientHost: string('0+'),
          memberMetadata: bytes('0+'),
          memberAssignment: bytes('0+'),
        }),
        authorizedOperations: int32('3+', { default: -2147483648 }),
      }),
    },
  },
})

export type DescribeGroupsRequest = Decoded<typeof describeGroups.request>
export type DescribeGroupsResponse = Decoded<typeof describeGroups.response>
export type DescribeGroupsRequestInput = Encodable<typeof describeGroups.request>
export type DescribeGroupsResponseInput = Encodable<typeof describeGroups.response>
