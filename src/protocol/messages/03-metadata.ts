import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, string, uuid } from '../schema.ts'

/** Metadata, key 3: versions 0-12, flexible from 9. */
export const metadata = api(3, 'Metadata', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-12',
    flexible: '9+',
    fields: {
      topics: array(
        '0+',
        {
          topicId: uuid('10+', { ignorable: true }),
          name: string('0+', { nullable: '10+' }),
        },
        { nullable: '1+' },
      ),
      allowAutoTopicCreation: bool('4+', { default: true }),
      includeClusterAuthorizedOperations: bool('8-10'),
      includeTopicAuthorizedOperations: bool('8+'),
    },
  },
  response: {
    versions: '0-12',
    flexible: '9+',
    fields: {
      throttleTimeMs: int32('3+', { ignorable: true }),
      brokers: array('0+', {
        nodeId: int32('0+'),
        host: string('0+'),
        port: int32('0+'),
        rack: string('1+', { nullable: '1+', default: null, ignorable: true }),
      }),
      clusterId: string('2+', { nullable: '2+', default: null, ignorable: true }),
      controllerId: int32('1+', { default: -1, ignorable: true }),
      topics: array('0+', {
        errorCode: int16('0+'),
        name: string('0+', { nullable: '12+' }),
        topicId: uuid('10+', { ignorable: true }),
        isInternal: bool('1+', { ignorable: true }),
        partitions: array('0+', {
          errorCode: int16('0+'),
          partitionIndex: int32('0+'),
          leaderId: int32('0+'),
          leaderEpoch: int32('7+', { default: -1, ignorable: true }),
          replicaNodes: array('0+', 'int32'),
          isrNodes: array('0+', 'int32'),
          offlineReplicas: array('5+', 'int32', { ignorable: true }),
        }),
        topicAuthorizedOperations: int32('8+', { default: -2147483648 }),
      }),
      clusterAuthorizedOperations: int32('8-10', { default: -2147483648 }),
    },
  },
})

export type MetadataRequest = Decoded<typeof metadata.request>
export type MetadataResponse = Decoded<typeof metadata.response>
export type MetadataRequestInput = Encodable<typeof metadata.request>
export type MetadataResponseInput = Encodable<typeof metadata.response>
