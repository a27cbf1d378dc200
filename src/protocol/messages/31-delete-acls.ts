import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** DeleteAcls, key 31: versions 0-3, flexible from 2. */
export const deleteAcls = api(31, 'DeleteAcls', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      filters: array('0+', {
        resourceTypeFilter: int8('0+'),
        resourceNameFilter: string('0+', { nullable: '0+' }),
        patternTypeFilter: int8('1+', { default: 3 }),
        principalFilter: string('0+', { nullable: '0+' }),
        hostFilter: string('0+', { nullable: '0+' }),
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
      filterResults: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        matchingAcls: array('0+', {
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+' }),
          resourceType: int8('0+'),
          resourceName: string('0+'),
          patternType: int8('1+', { default: 3 }),
          principal: string('0+'),
          host: string('0+'),
          operation: int8('0+'),
          permissionType: int8('0+'),
        }),
      }),
    },
  },
})

export type DeleteAclsRequest = Decoded<typeof deleteAcls.request>
export type DeleteAclsResponse = Decoded<typeof deleteAcls.response>
export type DeleteAclsRequestInput = Encodable<typeof deleteAcls.request>
export type DeleteAclsResponseInput = Encodable<typeof deleteAcls.response>
