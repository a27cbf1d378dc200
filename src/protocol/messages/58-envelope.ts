import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { bytes, int16 } from '../schema.ts'

/** Envelope, key 58: versions 0, flexible from 0. */
export const envelope = api(58, 'Envelope', {
  listeners: ['controller', 'zkBroker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      requestData: bytes('0+'),
      requestPrincipal: bytes('0+', { nullable: '0+' }),
      clientHostAddress: bytes('0+'),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      responseData: bytes('0+', { nullable: '0+', default: null }),
      errorCode: int16('0+'),
    },
  },
})

export type EnvelopeRequest = Decoded<typeof envelope.request>
export type EnvelopeResponse = Decoded<typeof envelope.response>
export type EnvelopeRequestInput = Encodable<typeof envelope.request>
export type EnvelopeResponseInput = Encodable<typeof envelope.response>
