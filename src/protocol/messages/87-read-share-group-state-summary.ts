import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string, uuid } from '../schema.ts'

/** ReadShareGroupStateSummary, key 87: versions 0, flexible from 0. */
export const readShareGroupStateSummary = api(87, 'ReadShareGroupStateSummary', {
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
          leaderEpoch: int32('0+'),
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
          stateEpoch: int32('0+'),
          startOffset: int64('0+'),
        }),
      }),
    },
  },
})

export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummary.request>
export type ReadShareGroupStateSummaryResponse = Decoded<typeof readShareGroupStateSummary.response>
export type ReadShareGroupStateSummaryRequestInput = Encodable<typeof readShareGroupStateSummary.request>
export type ReadShareGroupStateSummaryResponseInput = Encodable<typeof readShareGroupStateSummary.response>
