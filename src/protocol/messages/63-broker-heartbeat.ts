import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64 } from '../schema.ts'

/** BrokerHeartbeat, key 63: versions 0-1, flexible from 0. */
export const brokerHeartbeat = api(63, 'BrokerHeartbeat', {
  listeners: ['controller'],
  request: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
      brokerEpoch: int64('0+', { default: -1 }),
      currentMetadataOffset: int64('0+'),
      wantFence: bool('0+'),
      wantShutDown: bool('0+'),
      offlineLogDirs: array('1+', 'uuid', { tag: 0, tagged: '1+' }),
    },
  },
  response: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      isCaughtUp: bool('0+'),
      isFenced: bool('0+', { default: true }),
      shouldShutDown: bool('0+'),
    },
  },
})

export type BrokerHeartbeatRequest = Decoded<typeof brokerHeartbeat.request>
export type BrokerHeartbeatResponse = Decoded<typeof brokerHeartbeat.response>
export type BrokerHeartbeatRequestInput = Encodable<typeof brokerHeartbeat.request>
export type BrokerHeartbeatResponseInput = Encodable<typeof brokerHeartbeat.response>
