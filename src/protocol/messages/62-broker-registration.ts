import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../schema.ts'

/** BrokerRegistration, key 62: versions 0-4, flexible from 0. */
export const brokerRegistration = api(62, 'BrokerRegistration', {
  listeners: ['controller'],
  request: {
    versions: '0-4',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
      clusterId: string('0+'),
      incarnationId: uuid('0+'),
      listeners: array('0+', {
        name: string('0+'),
        host: string('0+'),
        port: uint16('0+'),
        securityProtocol: int16('0+'),
      }),
      features: array('0+', {
        name: string('0+'),
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
      rack: string('0+', { nullable: '0+' }),
      isMigratingZkBroker: bool('1+'),
      logDirs: array('2+', 'uuid', { ignorable: true }),
      previousBrokerEpoch: int64('3+', { default: -1, ignorable: true }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      brokerEpoch: int64('0+', { default: -1 }),
    },
  },
})

export type BrokerRegistrationRequest = Decoded<typeof brokerRegistration.request>
export type BrokerRegistrationResponse = Decoded<typeof brokerRegistration.response>
export type BrokerRegistrationRequestInput = Encodable<typeof brokerRegistration.request>
export type BrokerRegistrationResponseInput = Encodable<typeof brokerRegistration.response>
