import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, float64, int8, int16, int32, string } from '../schema.ts'

/** DescribeClientQuotas, key 48: versions 0-1, flexible from 1. */
export const describeClientQuotas = api(48, 'DescribeClientQuotas', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      components: array('0+', {
        entityType: string('0+'),
        matchType: int8('0+'),
        match: string('0+', { nullable: '0+' }),
      }),
      strict: bool('0+'),
    },
  },
  response: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      entries: array(
        '0+',
        {
          entity: array('0+', {
            entityType: string('0+'),
            entityName: string('0+', { nullable: '0+' }),
          }),
          values: array('0+', {
            key: string('0+'),
            value: float64('0+'),
          }),
        },
        { nullable: '0+' },
      ),
    },
  },
})

export type DescribeClientQuotasRequest = Decoded<typeof describeClientQuotas.request>
export type DescribeClientQuotasResponse = Decoded<typeof describeClientQuotas.response>
export type DescribeClientQuotasRequestInput = Encodable<typeof describeClientQuotas.request>
export type DescribeClientQuotasResponseInput = Encodable<typeof describeClientQuotas.response>
