import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, int64, string, uuid } from '../schema.ts'

const updateMetadataPartitionState = {
  topicName: string('0-4', { ignorable: true }),
  partitionIndex: int32('0+'),
  controllerEpoch: int32('0+'),
  leader: int32('0+'),
  leaderEpoch: int32('0+'),
  isr: array('0+', 'int32'),
  zkVersion: int32('0+'),
  replicas: array('0+', 'int32'),
  offlineReplicas: array('4+', 'int32', { ignorable: true }),
} as const

/** UpdateMetadata, key 6: versions 0-8, flexible from 6. */
export const updateMetadata = api(6, 'UpdateMetadata', {
  listeners: ['zkBroker'],
  request: {
    versions: '0-8',
    flexible: '6+',
    fields: {
      controllerId: int32('0+'),
      isKRaftController: bool('8+'),
      type: int8('8+', { tag: 0, tagged: '8+' }),
      controllerEpoch: int32('0+'),
      brokerEpoch: int64('5+', { default: -1, ignorable: true }),
      ungroupedPartitionStates: array('0-4', updateMetadataPartitionState),
      topicStates: array('5+', {
        topicName: string('5+'),
        topicId: uuid('7+', { ignorable: true }),
        partitionStates: array('5+', updateMetadataPartitionState, { repeats: true }),
      }),
      liveBrokers: array('0+', {
        id: int32('0+'),
        v0Host: string('0', { ignorable: true }),
        v0Port: int32('0', { ignorable: true }),
        endpoints: array(
          '1+',
          {
            port: int32('1+'),
            host: string('1+'),
            listener: string('3+', { ignorable: true }),
            securityProtocol: int16('1+'),
          },
          { ignorable: true },
        ),
        rack: string('2+', { nullable: '0+', ignorable: true }),
      }),
    },
  },
  response: {
    versions: '0-8',
    flexible: '6+',
    fields: {
      errorCode: int16('0+'),
    },
  },
})

export type UpdateMetadataRequest = Decoded<typeof updateMetadata.request>
export type UpdateMetadataResponse = Decoded<typeof updateMetadata.response>
export type UpdateMetadataRequestInput = Encodable<typeof updateMetadata.request>
export type UpdateMetadataResponseInput = Encodable<typeof updateMetadata.response>
