import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, int64, string, uuid } from '../schema.ts'

/** AlterPartition, key 56: versions 0-3, flexible from 0. */
export const alterPartition = api(56, 'AlterPartition', {
  listeners: ['zkBroker', 'controller'],
  request: {
    versions: '0-3',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
      brokerEpoch: int64('0+', { default: -1 }),
      topics: array('0+', {
        topicName: string('0-1', { ignorable: true }),
        topicId: uuid('2+', { ignorable: true }),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          leaderEpoch: int32('0+'),
          newIsr: array('0-2', 'int32'),
          newIsrWithEpochs: array('3+', {
            brokerId: int32('3+'),
            brokerEpoch: int64('3+', { default: -1 }),
          }),
          leaderRecoveryState: int8('1+'),
          partitionEpoch: int32('0+'),
        }),
      }),
    },
  },
  response: {
    versions: '0-3',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      topics: array('0+', {
        topicName: string('0-1', { ignorable: true }),
        topicId: uuid('2+', { ignorable: true }),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
          isr: array('0+', 'int32'),
          leaderRecoveryState: int8('1+', { ignorable: true }),
          partitionEpoch: int32('0+'),
        }),
      }),
    },
  },
})

export type AlterPartitionRequest = Decoded<typeof alterPartition.request>
export type AlterPartitionResponse = Decoded<typeof alterPartition.response>
export type AlterPartitionRequestInput = Encodable<typeof alterPartition.request>
export type AlterPartitionResponseInput = Encodable<typeof alterPartition.response>
