import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string, uint16, uuid } from '../schema.ts'

/** BeginQuorumEpoch, key 53: versions 0-1, flexible from 1. */
export const beginQuorumEpoch = api(53, 'BeginQuorumEpoch', {
  listeners: ['controller'],
  request: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      clusterId: string('0+', { nullable: '0+', default: null }),
      voterId: int32('1+', { default: -1, ignorable: true }),
      topics: array('0+', {
        topicName: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          voterDirectoryId: uuid('1+', { ignorable: true }),
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
        }),
      }),
      leaderEndpoints: array(
        '1+',
        {
          name: string('1+'),
          host: string('1+'),
          port: uint16('1+'),
        },
        { ignorable: true },
      ),
    },
  },
  response: {
    versions: '0-1',
    flexible: '1+',
    fields: {
      errorCode: int16('0+'),
      topics: array('0+', {
        topicName: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
        }),
      }),
      nodeEndpoints: array(
        '1+',
        {
          nodeId: int32('1+'),
          host: string('1+'),
          port: uint16('1+'),
        },
        { tag: 0, tagged: '1+' },
      ),
    },
  },
})

export type BeginQuorumEpochRequest = Decoded<typeof beginQuorumEpoch.request>
export type BeginQuorumEpochResponse = Decoded<typeof beginQuorumEpoch.response>
export type BeginQuorumEpochRequestInput = Encodable<typeof beginQuorumEpoch.request>
export type BeginQuorumEpochResponseInput = Encodable<typeof beginQuorumEpoch.response>
