import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, int64, string, uuid } from '../schema.ts'

/** WriteShareGroupState, key 85: versions 0, flexible from 0. */
export const writeShareGroupState = api(85, 'WriteShareGroupState', {
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
          leaderEpoch: int32('0+'),
          startOffset: int64('0+'),
          stateBatches: array('0+', {
            firstOffset: int64('0+'),
            lastOffset: int64('0+'),
            deliveryState: int8('0+'),
            deliveryCount: int16('0+'),
          }),
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

export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupState.request>
export type WriteShareGroupStateResponse = Decoded<typeof writeShareGroupState.response>
export type WriteShareGroupStateRequestInput = Encodable<typeof writeShareGroupState.request>
export type WriteShareGroupStateResponseInput = Encodable<typeof writeShareGroupState.response>
