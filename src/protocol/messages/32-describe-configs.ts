import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string } from '../schema.ts'

/** DescribeConfigs, key 32: versions 0-4, flexible from 4. */
export const describeConfigs = api(32, 'DescribeConfigs', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      resources: array('0+', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        configurationKeys: array('0+', 'string', { nullable: '0+' }),
      }),
      includeSynonyms: bool('1+'),
      includeDocumentation: bool('3+'),
    },
  },
  response: {
    versions: '0-4',
    flexible: '4+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
        configs: array('0+', {
          name: string('0+'),
          value: string('0+', { nullable: '0+' }),
          readOnly: bool('0+'),
          isDefault: bool('0'),
          configSource: int8('1+', { default: -1, ignorable: true }),
          isSensitive: bool('0+'),
          synonyms: array(
            '1+',
            {
              name: string('1+'),
              value: string('1+', { nullable: '0+' }),
              source: int8('1+'),
            },
            { ignorable: true },
          ),
          configType: int8('3+', { ignorable: true }),
          documentation: string('3+', { nullable: '0+', ignorable: true }),
        }),
      }),
    },
  },
})

export type DescribeConfigsRequest = Decoded<typeof describeConfigs.request>
export type DescribeConfigsResponse = Decoded<typeof describeConfigs.response>
export type DescribeConfigsRequestInput = Encodable<typeof describeConfigs.request>
export type DescribeConfigsResponseInput = Encodable<typeof describeConfigs.response>
