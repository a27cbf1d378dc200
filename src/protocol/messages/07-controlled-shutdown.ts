import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string } from '../schema.ts'

/** ControlledShutdown, key 7: versions 0-3, flexible from 3. */
export const controlledShutdown = api(7, 'ControlledShutdown', {
  listeners: ['zkBroker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '3+',
    fields: {
      brokerId: int32('0+'),
      brokerEpoch: int64('2+', { default: -1, ignorable: true }),
    },
  },
  response: {
    versions: '0-3',
    flexible: '3+',
    fields: {
      errorCode: int16('0+'),
      remainingPartitions: array('0+', {
        topicName: string('0+'),
        partitionIndex: int32('0+'),
      }),
    },
  },
})

export type ControlledShutdownRequest = Decoded<typeof controlledShutdown.request>
export type ControlledShutdownResponse = Decoded<typeof controlledShutdown.response>
export type ControlledShutdownRequestInput = Encodable<typeof controlledShutdown.request>
export type ControlledShutdownResponseInput = Encodable<typeof controlledShutdown.response>
