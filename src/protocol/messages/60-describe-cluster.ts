import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int8, int16, int32, string } from '../schema.ts'

/** DescribeCluster, key 60: versions 0-1, flexible from 0. */
export const describeCluster = api(60, 'DescribeCluster', {
  listeners: ['zkBroker', 'broker', 'controller'],
  request: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      includeClusterAuthorizedOperations: bool('0+'),
      endpointType: int8('1+', { default: 1 }),
    },
  },
  response: {
    versions: '0-1',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      endpointType: int8('1+', { default: 1 }),
      clusterId: string('0+'),
      controllerId: int32('0+', { default: -1 }),
      brokers: array('0+', {
        brokerId: int32('0+'),
        host: string('0+'),
        port: int32('0+'),
        rack: string('0+', { nullable: '0+', default: null }),
      }),
      clusterAuthorizedOperations: int32('0+', { default: -2147483648 }),
    },
  },
})

export type DescribeClusterRequest = Decoded<typeof describeCluster.request>
export type DescribeClusterResponse = Decoded<typeof describeCluster.response>
export type DescribeClusterRequestInput = Encodable<typeof describeCluster.request>
export type DescribeClusterResponseInput = Encodable<typeof describeCluster.response>
