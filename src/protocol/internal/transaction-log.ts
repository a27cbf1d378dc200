import { MessageType } from '../message.ts'
import { array, int8, int16, int32, int64, string } from '../schema.ts'

// Records of __transaction_state.

export const transactionLogKey = new MessageType('TransactionLogKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    transactionalId: string('0'),
  },
})

export const transactionLogValue = new MessageType('TransactionLogValue', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    transactionTimeoutMs: int32('0+'),
    transactionStatus: int8('0+'),
    transactionPartitions: array(
      '0+',
      {
        topic: string('0+'),
        partitionIds: array('0+', 'int32'),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64('0+'),
    transactionStartTimestampMs: int64('0+'),
  },
})
