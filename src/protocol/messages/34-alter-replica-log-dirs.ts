import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, int16, int32, string } from '../schema.ts'

/** AlterReplicaLogDirs, key 34: versions 0-2, flexible from 2. */
export const alterReplicaLogDirs = api(34, 'AlterReplicaLogDirs', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      dirs: array('0+', {
        path: string('0+'),
        topics: array('0+', {
          name: string('0+'),
          partitions: array('0+', 'int32'),
        }),
      }),
    },
  },
  response: {
    versions: '0-2',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      results: array('0+', {
        topicName: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
        }),
      }),
    },
  },
})

export type AlterReplicaLogDirsRequest = Decoded<typeof alterReplicaLogDirs.request>
export type AlterReplicaLogDirsResponse = Decoded<typeof alterReplicaLogDirs.response>
export type AlterReplicaLogDirsRequestInput = Encodable<typeof alterReplicaLogDirs.request>
export type AlterReplicaLogDirsResponseInput = Encodable<typeof alterReplicaLogDirs.response>
