import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, string } from '../schema.ts'

/** CreatePartitions, key 37: versions 0-3, flexible from 2. */
export const createPartitions = api(37, 'CreatePartitions', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      topics: array('0+', {
        name: string('0+'),
        count: int32('0+'),
        assignments: array(
          '0+',
          {
            brokerIds: array('0+', 'int32'),
          },
          { nullable: '0+' },
        ),
      }),
      timeoutMs: int32('0+'),
      validateOnly: bool('0+'),
    },
  },
  response: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        name: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    },
  },
})

export type CreatePartitionsRequest = Decoded<typeof createPartitions.request>
export type CreatePartitionsResponse = Decoded<typeof createPartitions.response>
export type CreatePartitionsRequestInput = Encodable<typeof createPartitions.request>
export type CreatePartitionsResponseInput = Encodable<typeof createPartitions.response>
