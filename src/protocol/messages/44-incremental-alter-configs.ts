import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string } from '../schema.ts'

/** IncrementalAlterConfigs, key 44: versions 0-1, flexible from 1. */
export const incrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      resources: array('0+', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        configs: array('0+', {
          name: string('0+'),
          configOperation: int8('0+'),
          value: string('0+', { nullable: '0+' }),
        }),
      }),
      validateOnly: bool('0+'),
    },
  },
  response: {
    versions: '0-1',
    flexible: '1+',
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

export type IncrementalAlterConfigsRequest = Decoded<typeof incrementalAlterConfigs.request>
export type IncrementalAlterConfigsResponse = Decoded<typeof incrementalAlterConfigs.response>
export type IncrementalAlterConfigsRequestInput = Encodable<typeof incrementalAlterConfigs.request>
export type IncrementalAlterConfigsResponseInput = Encodable<typeof incrementalAlterConfigs.response>
