import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, records, string, struct, uuid } from '../schema.ts'

/** ShareFetch, key 78: versions 0, flexible from 0. */
export const shareFetch = api(78, 'ShareFetch', {
  listeners: ['broker'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      groupId: string('0+', { nullable: '0+', default: null }),
      memberId: string('0+', { nullable: '0+' }),
      shareSessionEpoch: int32('0+'),
      maxWaitMs: int32('0+'),
      minBytes: int32('0+'),
      maxBytes: int32('0+', { default: 2147483647, ignorable: true }),
      topics: array('0+', {
        topicId: uuid('0+', { ignorable: true }),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          partitionMaxBytes: int32('0+'),
          acknowledgementBatches: array('0+', {
            firstOffset: int64('0+'),
            lastOffset: int64('0+'),
            acknowledgeTypes: array('0+', 'int8'),
          }),
        }),
      }),
      forgottenTopicsData: array('0+', {
        topicId: uuid('0+', { ignorable: true }),
        partitions: array('0+', 'int32'),
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
          acknowledgeErrorCode: int16('0+'),
          acknowledgeErrorMessage: string('0+', { nullable: '0+', default: null }),
          currentLeader: struct('0+', {
            leaderId: int32('0+'),
            leaderEpoch: int32('0+'),
          }),
          records: records('0+', { nullable: '0+' }),
          acquiredRecords: array('0+', {
            firstOffset: int64('0+'),
            lastOffset: int64('0+'),
            deliveryCount: int16('0+'),
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

export type ShareFetchRequest = Decoded<typeof shareFetch.request>
export type ShareFetchResponse = Decoded<typeof shareFetch.response>
export type ShareFetchRequestInput = Encodable<typeof shareFetch.request>
export type ShareFetchResponseInput = Encodable<typeof shareFetch.response>
