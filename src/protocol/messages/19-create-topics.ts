import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string, uuid } from '../schema.ts'

/** CreateTopics, key 19: versions 0-7, flexible from 5. */
export const createTopics = api(19, 'CreateTopics', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-7',
    flexible: '5+',
    fields: {
      topics: array('0+', {
        name: string('0+'),
        numPartitions: int32('0+'),
        replicationFactor: int16('0+'),
        assignments: array('0+', {
          partitionIndex: int32('0+'),
          brokerIds: array('0+', 'int32'),
        }),
        configs: array('0+', {
          name: string('0+'),
          value: string('0+', { nullable: '0+' }),
        }),
      }),
      timeoutMs: int32('0+', { default: 60000 }),
      validateOnly: bool('1+'),
    },
  },
  response: {
    versions: '0-7',
    flexible: '5+',
    fields: {
      throttleTimeMs: int32('2+', { ignorable: true }),
      topics: array('0+', {
        name: string('0+'),
        topicId: uuid('7+', { ignorable: true }),
        errorCode: int16('0+'),
        errorMessage: string('1+', { nullable: '0+', ignorable: true }),
        topicConfigErrorCode: int16('5+', { ignorable: true, tag: 0, tagged: '5+' }),
        numPartitions: int32('5+', { default: -1, ignorable: true }),
        replicationFactor: int16('5+', { default: -1, ignorable: true }),
        configs: array(
          '5+',
          {
            name: string('5+'),
            value: string('5+', { nullable: '5+' }),
            readOnly: bool('5+'),
            configSource: int8('5+', { default: -1, ignorable: true }),
            isSensitive: bool('5+'),
          },
          { nullable: '5+', ignorable: true },
        ),
      }),
    },
  },
})

export type CreateTopicsRequest = Decoded<typeof createTopics.request>
export type CreateTopicsResponse = Decoded<typeof createTopics.response>
export type CreateTopicsRequestInput = Encodable<typeof createTopics.request>
export type CreateTopicsResponseInput = Encodable<typeof createTopics.response>
