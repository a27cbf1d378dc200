import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, float64, int16, int32, string } from '../schema.ts'

/** AlterClientQuotas, key 49: versions 0-1, flexible from 1. */
export const alterClientQuotas = api(49, 'AlterClientQuotas', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      entries: array('0+', {
        entity: array('0+', {
          entityType: string('0+'),
          entityName: string('0+', { nullable: '0+' }),
        }),
        ops: array('0+', {
          key: string('0+'),
          value: float64('0+'),
          remove: bool('0+'),
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
      entries: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        entity: array('0+', {
          entityType: string('0+'),
          entityName: string('0+', { nullable: '0+' }),
        }),
      }),
    },
  },
})

export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotas.request>
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotas.response>
export type AlterClientQuotasRequestInput = Encodable<typeof alterClientQuotas.request>
export type AlterClientQuotasResponseInput = Encodable<typeof alterClientQuotas.response>
