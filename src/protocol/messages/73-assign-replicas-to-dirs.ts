import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, int64, uuid } from '../schema.ts'

/** AssignReplicasToDirs, key 73: versions 0, flexible from 0. */
export const assignReplicasToDirs = api(73, 'AssignReplicasToDirs', {
  listeners: ['controller'],
  request: {
    versions: '0',
    flexible: '0+',
    fields: {
      brokerId: int32('0+'),
      brokerEpoch: int64('0+', { default: -1 }),
      directories: array('0+', {
        id: uuid('0+'),
        topics: array('0+', {
          topicId: uuid('0+'),
          partitions: array('0+', {
            partitionIndex: int32('0+'),
          }),
        }),
      }),
    },
  },
  response: {
    versions: '0',
    flexible: '0+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('0+'),
      directories: array('0+', {
        id: uuid('0+'),
        topics: array('0+', {
          topicId: uuid('0+'),
          partitions: array('0+', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
          }),
        }),
      }),
    },
  },
})

export type AssignReplicasToDirsRequest = Decoded<typeof assignReplicasToDirs.request>
export type AssignReplicasToDirsResponse = Decoded<typeof assignReplicasToDirs.response>
export type AssignReplicasToDirsRequestInput = Encodable<typeof assignReplicasToDirs.request>
export type AssignReplicasToDirsResponseInput = Encodable<typeof assignReplicasToDirs.response>
