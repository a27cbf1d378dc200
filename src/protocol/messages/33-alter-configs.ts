import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string } from '../schema.ts'

/** AlterConfigs, key 33: versions 0-2, flexible from 2. */
export const alterConfigs = api(33, 'AlterConfigs', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      resources: array('0+', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        configs: array('0+', {
          name: string('0+'),
          value: string('0+', { nullable: '0+' }),
        }),
      }),
      validateOnly: bool('0+'),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      responses: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
      }),
    },
  },
})

export type AlterConfigsRequest = Decoded<typeof alterConfigs.request>
export type AlterConfigsResponse = Decoded<typeof alterConfigs.response>
export type AlterConfigsRequestInput = Encodable<typeof alterConfigs.request>
export type AlterConfigsResponseInput = Encodable<typeof alterConfigs.response>
