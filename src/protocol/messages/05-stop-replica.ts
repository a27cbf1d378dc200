import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string } from '../schema.ts'

/** StopReplica, key 5: versions 0-4, flexible from 2. */
export const stopReplica = api(5, 'StopReplica', {
  listeners: ['zkBroker'],
  request: {
    versions: '0-4',
    flexible: '2+',
    fields: {
      controllerId: int32('0+'),
      isKRaftController: bool('4+'),
      controllerEpoch: int32('0+'),
      brokerEpoch: int64('1+', { default: -1, ignorable: true }),
      deletePartitions: bool('0-2'),
      ungroupedPartitions: array('0', {
        topicName: string('0'),
        partitionIndex: int32('0'),
      }),
      topics: array('1-2', {
        name: string('1-2'),
        partitionIndexes: array('1-2', 'int32'),
      }),
      topicStates: array('3+', {
        topicName: string('3+'),
        partitionStates: array('3+', {
          partitionIndex: int32('3+'),
          leaderEpoch: int32('3+', { default: -1 }),
          deletePartition: bool('3+'),
        }),
      }),
    },
  },
  response: {
    versions: '0-4',
    flexible: '2+',
    fields: {
      errorCode: int16('0+'),
      partitionErrors: array('0+', {
        topicName: string('0+'),
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    },
  },
})

export type StopReplicaRequest = Decoded<typeof stopReplica.request>
export type StopReplicaResponse = Decoded<typeof stopReplica.response>
export type StopReplicaRequestInput = Encodable<typeof stopReplica.request>
export type StopReplicaResponseInput = Encodable<typeof stopReplica.response>
