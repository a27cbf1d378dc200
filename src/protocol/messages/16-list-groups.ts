import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** ListGroups, key 16: versions 0-5, flexible from 3. */
export const listGroups = api(16, 'ListGroups', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '3+',
    fields: {
      statesFilter: array('4+', 'string'),
      typesFilter: array('5+', 'string'),
    },
  },
  response: {
    versions: '0-5',
    flexible: '3+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      errorCode: int16('0+'),
      groups: array('0+', {
        groupId: string('0+'),
        protocolType: string('0+'),
        groupState: string('4+', { ignorable: true }),
        groupType: string('5+', { ignorable: true }),
      }),
    },
  },
})

export type ListGroupsRequest = Decoded<typeof listGroups.request>
export type ListGroupsResponse = Decoded<typeof listGroups.response>
export type ListGroupsRequestInput = Encodable<typeof listGroups.request>
export type ListGroupsResponseInput = Encodable<typeof listGroups.response>
