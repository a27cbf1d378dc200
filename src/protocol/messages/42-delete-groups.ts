import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** DeleteGroups, key 42: versions 0-2, flexible from 2. */
export const deleteGroups = api(42, 'DeleteGroups', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      groupsNames: array('0+', 'string'),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        groupId: string('0+'),
        errorCode: int16('0+'),
      }),
    },
  },
})

export type DeleteGroupsRequest = Decoded<typeof deleteGroups.request>
export type DeleteGroupsResponse = Decoded<typeof deleteGroups.response>
export type DeleteGroupsRequestInput = Encodable<typeof deleteGroups.request>
export type DeleteGroupsResponseInput = Encodable<typeof deleteGroups.response>
