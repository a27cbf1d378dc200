import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string } from '../schema.ts'

/** DescribeLogDirs, key 35: versions 0-4, flexible from 2. */
export const describeLogDirs = api(35, 'DescribeLogDirs', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-4',
    flexible: '2+',
    fields: {
      topics: array(
        '0+',
        {
          topic: string('0+'),
          partitions: array('0+', 'int32'),
        },
        { nullable: '0+' },
      ),
    },
  },
  response: {
    versions: '0-4',
    flexible: '2+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('3+', { ignorable: true }),
      results: array('0+', {
        errorCode: int16('0+'),
        logDir: string('0+'),
        topics: array('0+', {
          name: string('0+'),
          partitions: array('0+', {
            partitionIndex: int32('0+'),
            partitionSize: int64('0+'),
            offsetLag: int64('0+'),
            isFutureKey: bool('0+'),
          }),
        }),
        totalBytes: int64('4+', { default: -1, ignorable: true }),
        usableBytes: int64('4+', { default: -1, ignorable: true }),
      }),
    },
  },
})

export type DescribeLogDirsRequest = Decoded<typeof describeLogDirs.request>
export type DescribeLogDirsResponse = Decoded<typeof describeLogDirs.response>
export type DescribeLogDirsRequestInput = Encodable<typeof describeLogDirs.request>
export type DescribeLogDirsResponseInput = Encodable<typeof describeLogDirs.response>
