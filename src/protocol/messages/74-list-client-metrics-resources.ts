import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** ListClientMetricsResources, key 74: versions 0, flexible from 0. */
export const listClientMetricsResources = api(74, 'ListClientMetricsResources', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {},
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      clientMetricsResources: array('0+', {
        name: string('0+'),
      }),
    },
  },
})

export type ListClientMetricsResourcesRequest = Decoded<typeof listClientMetricsResources.request>
export type ListClientMetricsResourcesResponse = Decoded<typeof listClientMetricsResources.response>
export type ListClientMetricsResourcesRequestInput = Encodable<typeof listClientMetricsResources.request>
export type ListClientMetricsResourcesResponseInput = Encodable<typeof listClientMetricsResources.response>
