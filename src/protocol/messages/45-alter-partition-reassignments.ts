import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** AlterPartitionReassignments, key 45: versions 0, flexible from 0. */
export const alterPartitionReassignments = api(45, 'AlterPartitionReassignments', {
  listeners: ['broker', 'controller', 'zkBroker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      timeoutMs: int32('0+', { default: 60000 }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          replicas: array('0+', 'int32', { nullable: '0+', default: null }),
        }),
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
      responses: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+' }),
        }),
      }),
    },
  },
})

export type AlterPartitionReassignmentsRequest = Decoded<typeof alterPartitionReassignments.request>
export type AlterPartitionReassignmentsResponse = Decoded<typeof alterPartitionReassignments.response>
export type AlterPartitionReassignmentsRequestInput = Encodable<typeof alterPartitionReassignments.request>
export type AlterPartitionReassignmentsResponseInput = Encodable<typeof alterPartitionReassignments.response>
