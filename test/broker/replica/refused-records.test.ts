/** What a producer hears of records that are refused, as Apache Kafka 3.9.1 words it. */
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { BatchBuilder } from '../../../src/records/index.ts'
import { DEFAULT_LOG_CONFIG } from '../../../src/storage/log-config.ts'
import { validateForLeader } from '../../../src/storage/log-validator.ts'
import { batchOf, TestCluster } from './support/test-cluster.ts'

const changed = (change: (batch: Buffer) => void) => {
  const batch = batchOf(['a'])
  change(batch)
  return batch
}

test.each([
  {
    what: 'a length below that of any message',
    records: changed((batch) => batch.writeInt32BE(5, 8)),
    error: 'CORRUPT_MESSAGE',
    message: 'Record size 5 is less than the minimum record overhead (14)',
  },
  {
    what: 'an unknown magic',
    records: changed((batch) => batch.writeInt8(3, 16)),
    error: 'CORRUPT_MESSAGE',
    message: 'Invalid magic found in record: 3',
  },
  {
    what: 'a base offset that is not zero',
    records: changed((batch) => batch.writeBigInt64BE(5n, 0)),
    error: 'INVALID_RECORD',
    message: null,
  },
  {
    what: 'a transactional batch, which nobody could ever commit',
    records: batchOf(['a'], { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }),
    error: 'INVALID_TXN_STATE',
    message: null,
  },
] as const)('produce with $what', async ({ records, error, message }) => {
  const cluster = await TestCluster.start({ brokers: 1 })
  await cluster.createTopic('t', [0])
  const connection = await cluster.connect(0)
  const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }]
  const answer = await connection.send(produce, { acks: -1, timeoutMs: 1000, topicData }, { version: 9 })
  expect(answer.responses[0]?.partitionResponses[0]).toMatchObject({
    errorCode: ERROR_CODES[error],
    errorMessage: message,
    baseOffset: -1,
  })
  expect(cluster.broker(0).log('t').logEndOffset).toBe(0)
})

test('each record without a key is named to the producer of a compacted topic', () => {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, Buffer.from('k'), Buffer.from('v'))
  builder.append(1_700_000_000_000, null, Buffer.from('v'))
  const validate = () =>
    validateForLeader(builder.build(), {
      ...{
        partition: 't-0',
        nextOffset: 0,
        leaderEpoch: 0,
        origin: 'client',
        magicUpConvert: false,
        nowMs: 0,
      },
      config: { ...DEFAULT_LOG_CONFIG, cleanupPolicy: ['compact'] },
    })
  const reason = 'Compacted topic cannot accept message without key in topic partition t-0'
  expect(validate).toThrow(
    expect.objectContaining({
      message:
        'One or more records have been rejected due to 1 record errors in total, and only showing the first three ' +
        `errors at most: [RecordError(batchIndex=1, message='${reason}')]`,
      recordErrors: [{ batchIndex: 1, message: reason }],
    }),
  )
})

test('what nobody expected is answered with no reason, and the reason is logged', async () => {
  const cluster = await TestCluster.start({
    logConfig: { compressionType: 'gzip', compressionGzipLevel: 42 },
  })
  await cluster.createTopic('t', [0])
  expect(await cluster.broker(0).produce('t', ['a'])).toMatchObject({
    error: 'UNKNOWN_SERVER_ERROR',
    errorMessage: null,
  })
  expect(cluster.broker(0).errors).toEqual([expect.stringMatching(/^appending to t-0 failed: .*level/)])
})
