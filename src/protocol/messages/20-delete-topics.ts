import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, uuid } from '../schema.ts'

/** DeleteTopics, key 20: versions 0-6, flexible from 4. */
export const deleteTopics = api(20, 'DeleteTopics', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-6',
    flexible: '4+',
    fields: {
      topics: array('6+', {
        name: string('6+', { nullable: '6+', default: null }),
        topicId: uuid('6+'),
      }),
      topicNames: array('0-5', 'string', { ignorable: true }),
      timeoutMs: int32('0+'),
    },
  },
  response: {
    versions: '0-6',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      responses: array('0+', {
        name: string('0+', { nullable: '6+' }),
        topicId: uuid('6+', { ignorable: true }),
        errorCode: int16('0+'),
        errorMessage: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
    },
  },
})

export type DeleteTopicsRequest = Decoded<typeof deleteTopics.request>
export type DeleteTopicsResponse = Decoded<typeof deleteTopics.response>
export type DeleteTopicsRequestInput = Encodable<typeof deleteTopics.request>
export type DeleteTopicsResponseInput = Encodable<typeof deleteTopics.response>
