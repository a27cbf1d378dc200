import { api } from '../api.ts'
import type { Decoded, Encodable } from '../message.ts'
import { array, bool, int16, int32, int64, string } from '../schema.ts'

const addPartitionsToTxnTopic = {
  name: string('0+'),
  partitions: array('0+', 'int32'),
} as const

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32('0+'),
  partitionErrorCode: int16('0+'),
} as const

const addPartitionsToTxnTopicResult = {
  name: string('0+'),
  resultsByPartition: array('0+', addPartitionsToTxnPartitionResult),
} as const

/** AddPartitionsToTxn, key 24: versions 0-5, flexible from 3. */
export const addPartitionsToTxn = api(24, 'AddPartitionsToTxn', {
  listeners: ['zkBroker', 'broker'],
  request: {
    versions: '0-5',
    flexible: '3+',
    fields: {
      transactions: array('4+', {
        transactionalId: string('4+'),
        producerId: int64('4+'),
        producerEpoch: int16('4+'),
        verifyOnly: bool('4+'),
        topics: array('4+', addPartitionsToTxnTopic),
      }),
      v3AndBelowTransactionalId: string('0-3'),
      v3AndBelowProducerId: int64('0-3'),
      v3AndBelowProducerEpoch: int16('0-3'),
      v3AndBelowTopics: array('0-3', addPartitionsToTxnTopic),
    },
  },
  response: {
    versions: '0-5',
    flexible: '3+',
    fields: {
      throttleTimeMs: int32('0+'),
      errorCode: int16('4+', { ignorable: true }),
      resultsByTransaction: array('4+', {
        transactionalId: string('4+'),
        topicResults: array('4+', addPartitionsToTxnTopicResult),
      }),
      resultsByTopicV3AndBelow: array('0-3', addPartitionsToTxnTopicResult),
    },
  },
})

export type AddPartitionsToTxnRequest = Decoded<typeof addPartitionsToTxn.request>
export type AddPartitionsToTxnResponse = Decoded<typeof addPartitionsToTxn.response>
export type AddPartitionsToTxnRequestInput = Encodable<typeof addPartitionsToTxn.request>
export type AddPartitionsToTxnResponseInput = Encodable<typeof addPartitionsToTxn.response>
