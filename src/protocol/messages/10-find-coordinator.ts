import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** FindCoordinator, key 10: versions 0-6, flexible from 3. */
export const findCoordinator = api(10, 'FindCoordinator', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-6',
    flexible: '3+',
    fields: {
      key: string('0-3'),
      keyType: int8('1+'),
      coordinatorKeys: array('4+', 'string'),
    },
  },
  response: {
    versions: '0-6',
    flexible: '3+',
    fields: {
      throttleTimeMs: int32('1+', { ignorable: true }),
      errorCode: int16('0-3'),
      errorMessage: string('1-3', { nullable: '1-3', ignorable: true }),
      nodeId: int32('0-3'),
      host: string('0-3'),
      port: int32('0-3'),
      coordinators: array('4+', {
        key: string('4+'),
        nodeId: int32('4+'),
        host: string('4+'),
        port: int32('4+'),
        errorCode: int16('4+'),
        errorMessage: string('4+', { nullable: '4+', ignorable: true }),
      }),
    },
  },
})

export type FindCoordinatorRequest = Decoded<typeof findCoordinator.request>
export type FindCoordinatorResponse = Decoded<typeof findCoordinator.response>
export type FindCoordinatorRequestInput = Encodable<typeof findCoordinator.request>
export type FindCoordinatorResponseInput = Encodable<typeof findCoordinator.response>
