import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, uuid } from '../schema.ts'

/** DeleteShareGroupState, key 86: versions 0, flexible from 0. */
export const deleteShareGroupState = api(86, 'DeleteShareGroupState', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupId: string('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partition: int32('0+'),
        }),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      results: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partition: int32('0+'),
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+', default: null }),
        }),
      }),
    },
  },
})

export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupState.request>
export type DeleteShareGroupStateResponse = Decoded<typeof deleteShareGroupState.response>
export type DeleteShareGroupStateRequestInput = Encodable<typeof deleteShareGroupState.request>
export type DeleteShareGroupStateResponseInput = Encodable<typeof deleteShareGroupState.response>
