import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../schema.ts'

/** Vote, key 52: versions 0-1, flexible from 0. */
export const vote = api(52, 'Vote', {
  listeners: ['controller'],
  request: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      clusterId: string('0+', { nullable: '0+', default: null }),
      voterId: int32('1+', { default: -1, ignorable: true }),
      topics: array('0+', {
        topicName: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          candidateEpoch: int32('0+'),
          candidateId: int32('0+'),
          candidateDirectoryId: uuid('1+', { ignorable: true }),
          voterDirectoryId: uuid('1+', { ignorable: true }),
          lastOffsetEpoch: int32('0+'),
          lastOffset: int64('0+'),
        }),
      }),
    },
  },
  response: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      errorCode: int16('0+'),
      topics: array('0+', {
        topicName: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
          voteGranted: bool('0+'),
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

export type VoteRequest = Decoded<typeof vote.request>
export type VoteResponse = Decoded<typeof vote.response>
export type VoteRequestInput = Encodable<typeof vote.request>
export type VoteResponseInput = Encodable<typeof vote.response>
