import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bool, bytes, int8, int16, int32, uuid } from '../schema.ts'

/** PushTelemetry, key 72: versions 0, flexible from 0. */
export const pushTelemetry = api(72, 'PushTelemetry', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      clientInstanceId: uuid('0+'),
      subscriptionId: int32('0+'),
      terminating: bool('0+'),
      compressionType: int8('0+'),
      metrics: bytes('0+'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
    },
  },
})

export type PushTelemetryRequest = Decoded<typeof pushTelemetry.request>
export type PushTelemetryResponse = Decoded<typeof pushTelemetry.response>
export type PushTelemetryRequestInput = Encodable<typeof pushTelemetry.request>
export type PushTelemetryResponseInput = Encodable<typeof pushTelemetry.response>
