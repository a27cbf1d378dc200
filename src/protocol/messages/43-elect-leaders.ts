import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int8, int16, int32, string } from '../schema.ts'

/** ElectLeaders, key 43: versions 0-2, flexible from 2. */
export const electLeaders = api(43, 'ElectLeaders', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      electionType: int8('1+'),
      topicPartitions: array(
        '0+',
        {
          topic: string('0+'),
          partitions: array('0+', 'int32'),
        },
        { nullable: '0+' },
      ),
      timeoutMs: int32('0+', { default: 60000 }),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('1+'),
      replicaElectionResults: array('0+', {
        topic: string('0+'),
        partitionResult: array('0+', {
          partitionId: int32('0+'),
          errorCode: int16('0+'),
          errorMessage: string('0+', { nullable: '0+' }),
        }),
      }),
    },
  },
})

export type ElectLeadersRequest = Decoded<typeof electLeaders.request>
export type ElectLeadersResponse = Decoded<typeof electLeaders.response>
export type ElectLeadersRequestInput = Encodable<typeof electLeaders.request>
export type ElectLeadersResponseInput = Encodable<typeof electLeaders.response>
