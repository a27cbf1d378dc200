import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, string, uint16, uuid } from '../schema.ts'

/** ControllerRegistration, key 70: versions 0, flexible from 0. */
export const controllerRegistration = api(70, 'ControllerRegistration', {
  listeners: ['controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      controllerId: int32('0+'),
      incarnationId: uuid('0+'),
      zkMigrationReady: bool('0+'),
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
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    },
  },
})

export type ControllerRegistrationRequest = Decoded<typeof controllerRegistration.request>
export type ControllerRegistrationResponse = Decoded<typeof controllerRegistration.response>
export type ControllerRegistrationRequestInput = Encodable<typeof controllerRegistration.request>
export type ControllerRegistrationResponseInput = Encodable<typeof controllerRegistration.response>
