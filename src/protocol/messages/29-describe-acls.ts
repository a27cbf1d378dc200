import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** DescribeAcls, key 29: versions 0-3, flexible from 2. */
export const describeAcls = api(29, 'DescribeAcls', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      resourceTypeFilter: int8('0+'),
      resourceNameFilter: string('0+', { nullable: '0+' }),
      patternTypeFilter: int8('1+', { default: 3 }),
      principalFilter: string('0+', { nullable: '0+' }),
      hostFilter: string('0+', { nullable: '0+' }),
      operation: int8('0+'),
      permissionType: int8('0+'),
    },
  },
  response: {
    versions: '0-3',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resources: array('0+', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        patternType: int8('1+', { default: 3 }),
        acls: array('0+', {
          principal: string('0+'),
          host: string('0+'),
          operation: int8('0+'),
          permissionType: int8('0+'),
        }),
      }),
    },
  },
})

export type DescribeAclsRequest = Decoded<typeof describeAcls.request>
export type DescribeAclsResponse = Decoded<typeof describeAcls.response>
export type DescribeAclsRequestInput = Encodable<typeof describeAcls.request>
export type DescribeAclsResponseInput = Encodable<typeof describeAcls.response>
