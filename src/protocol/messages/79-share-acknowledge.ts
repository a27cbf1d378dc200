import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, string, struct, uuid } from '../schema.ts'

/** ShareAcknowledge, key 79: versions 0, flexible from 0. */
export const shareAcknowledge = api(79, 'ShareAcknowledge', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupId: string('0+', { nullable: '0+', default: null }),
      memberId: string('0+', { nullable: '0+' }),
      shareSessionEpoch: int32('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          acknowledgementBatches: array('0+', {
            firstOffset: int64('0+'),
            lastOffset: int64('0+'),
            acknowledgeTypes: array('0+', 'int8'),
          }),
        }),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+', { ignorable: true }),
      errorCode: int16('0+', { ignorable: true }),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      responses: array('0+', {
        topicId: uuid('0+', { ignorable: true }),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+', default: null }),
          currentLeader: struct('0+', {
            leaderId: int32('0+'),
            leaderEpoch: int32('0+'),
          }),
        }),
      }),
      nodeEndpoints: array('0+', {
        nodeId: int32('0+'),
        host: string('0+'),
        port: int32('0+'),
        rack: string('0+', { nullable: '0+', default: null }),
      }),
    },
  },
})

export type ShareAcknowledgeRequest = Decoded<typeof shareAcknowledge.request>
export type ShareAcknowledgeResponse = Decoded<typeof shareAcknowledge.response>
export type ShareAcknowledgeRequestInput = Encodable<typeof shareAcknowledge.request>
export type ShareAcknowledgeResponseInput = Encodable<typeof shareAcknowledge.response>
