import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string, uuid } from '../schema.ts'

/** InitializeShareGroupState, key 83: versions 0, flexible from 0. */
export const initializeShareGroupState = api(83, 'InitializeShareGroupState', {
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
          stateEpoch: int32('0+'),
          startOffset: int64('0+'),
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

export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupState.request>
export type InitializeShareGroupStateResponse = Decoded<typeof initializeShareGroupState.response>
export type InitializeShareGroupStateRequestInput = Encodable<typeof initializeShareGroupState.request>
export type InitializeShareGroupStateResponseInput = Encodable<typeof initializeShareGroupState.response>
