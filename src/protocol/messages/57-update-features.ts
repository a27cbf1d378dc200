import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string } from '../schema.ts'

/** UpdateFeatures, key 57: versions 0-1, flexible from 0. */
export const updateFeatures = api(57, 'UpdateFeatures', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      timeoutMs: int32('0+', { default: 60000 }),
      featureUpdates: array('0+', {
        feature: string('0+'),
        maxVersionLevel: int16('0+'),
        allowDowngrade: bool('0'),
        upgradeType: int8('1+', { default: 1 }),
      }),
      validateOnly: bool('1+'),
    },
  },
  response: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      results: array('0+', {
        feature: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    },
  },
})

export type UpdateFeaturesRequest = Decoded<typeof updateFeatures.request>
export type UpdateFeaturesResponse = Decoded<typeof updateFeatures.response>
export type UpdateFeaturesRequestInput = Encodable<typeof updateFeatures.request>
export type UpdateFeaturesResponseInput = Encodable<typeof updateFeatures.response>
