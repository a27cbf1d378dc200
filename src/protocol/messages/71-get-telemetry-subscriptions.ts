import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, uuid } from '../schema.ts'

/** GetTelemetrySubscriptions, key 71: versions 0, flexible from 0. */
export const getTelemetrySubscriptions = api(71, 'GetTelemetrySubscriptions', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      clientInstanceId: uuid('0+'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      clientInstanceId: uuid('0+'),
      subscriptionId: int32('0+'),
      acceptedCompressionTypes: array('0+', 'int8'),
      pushIntervalMs: int32('0+'),
      telemetryMaxBytes: int32('0+'),
      deltaTemporality: bool('0+'),
      requestedMetrics: array('0+', 'string'),
    },
  },
})

export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptions.request>
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptions.response>
export type GetTelemetrySubscriptionsRequestInput = Encodable<typeof getTelemetrySubscriptions.request>
export type GetTelemetrySubscriptionsResponseInput = Encodable<typeof getTelemetrySubscriptions.response>
