import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** ListPartitionReassignments, key 46: versions 0, flexible from 0. */
export const listPartitionReassignments = api(46, 'ListPartitionReassignments', {
  listeners: ['broker', 'controller', 'zkBroker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      timeoutMs: int32('0+', { default: 60000 }),
      topics: array(
        '0+',
        {
          name: string('0+'),
          partitionIndexes: array('0+', 'int32'),
        },
        { nullable: '0+', default: null },
      ),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          replicas: array('0+', 'int32'),
          addingReplicas: array('0+', 'int32'),
          removingReplicas: array('0+', 'int32'),
        }),
      }),
    },
  },
})

export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignments.request>
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignments.response>
export type ListPartitionReassignmentsRequestInput = Encodable<typeof listPartitionReassignments.request>
export type ListPartitionReassignmentsResponseInput = Encodable<typeof listPartitionReassignments.response>
