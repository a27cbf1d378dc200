import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, int64, string, uuid } from '../schema.ts'

const leaderAndIsrPartitionState = {
  topicName: string('0-1', { ignorable: true }),
  partitionIndex: int32('0+'),
  controllerEpoch: int32('0+'),
  leader: int32('0+'),
  leaderEpoch: int32('0+'),
  isr: array('0+', 'int32'),
  partitionEpoch: int32('0+'),
  replicas: array('0+', 'int32'),
  addingReplicas: array('3+', 'int32', { ignorable: true }),
  removingReplicas: array('3+', 'int32', { ignorable: true }),
  isNew: bool('1+', { ignorable: true }),
  leaderRecoveryState: int8('6+'),
} as const

const leaderAndIsrPartitionError = {
  topicName: string('0-4', { ignorable: true }),
  partitionIndex: int32('0+'),
  errorCode: int16('0+'),
} as const

/** LeaderAndIsr, key 4: versions 0-7, flexible from 4. */
export const leaderAndIsr = api(4, 'LeaderAndIsr', {
  listeners: ['zkBroker'],
  request: {
    versions: '0-7',
    flexible: '4+',
    fields: {
      controllerId: int32('0+'),
      isKRaftController: bool('7+'),
      controllerEpoch: int32('0+'),
      brokerEpoch: int64('2+', { default: -1, ignorable: true }),
      type: int8('5+'),
      ungroupedPartitionStates: array('0-1', leaderAndIsrPartitionState),
      topicStates: array('2+', {
        topicName: string('2+'),
        topicId: uuid('5+', { ignorable: true }),
        partitionStates: array('2+', leaderAndIsrPartitionState, { repeats: true }),
      }),
      liveLeaders: array('0+', {
        brokerId: int32('0+'),
        hostName: string('0+'),
        port: int32('0+'),
      }),
    },
  },
  response: {
    versions: '0-7',
    flexible: '4+',
    fields: {
      errorCode: int16('0+'),
      partitionErrors: array('0-4', leaderAndIsrPartitionError),
      topics: array('5+', {
        topicId: uuid('5+'),
        partitionErrors: array('5+', leaderAndIsrPartitionError, { repeats: true }),
      }),
    },
  },
})

export type LeaderAndIsrRequest = Decoded<typeof leaderAndIsr.request>
export type LeaderAndIsrResponse = Decoded<typeof leaderAndIsr.response>
export type LeaderAndIsrRequestInput = Encodable<typeof leaderAndIsr.request>
export type LeaderAndIsrResponseInput = Encodable<typeof leaderAndIsr.response>
