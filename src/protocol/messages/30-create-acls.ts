import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** CreateAcls, key 30: versions 0-3, flexible from 2. */
export const createAcls = api(30, 'CreateAcls', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      creations: array('0+', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        resourcePatternType: int8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    },
  },
  response: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    },
  },
})

export type CreateAclsRequest = Decoded<typeof createAcls.request>
export type CreateAclsResponse = Decoded<typeof createAcls.response>
export type CreateAclsRequestInput = Encodable<typeof createAcls.request>
export type CreateAclsResponseInput = Encodable<typeof createAcls.response>
