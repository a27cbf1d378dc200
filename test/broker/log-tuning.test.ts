import { expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { DynamicBrokerConfig } from '../../src/broker/dynamic-broker-config.ts'
import { BrokerConfig } from '../../src/broker/index.ts'
import { NO_LIMIT } from '../../src/storage/index.ts'

const DAY_MS = 86_400_000

it('what server.properties says of logs reaches them in their units', () => {
  const config = BrokerConfig.fromProperties({
    'broker.id': '0',
    'log.initial.task.delay.ms': '1',
    'log.retention.check.interval.ms': '2',
    'log.flush.scheduler.interval.ms': '3',
    'log.flush.offset.checkpoint.interval.ms': '4',
    'log.flush.start.offset.checkpoint.interval.ms': '5',
    'replica.high.watermark.checkpoint.interval.ms': '6',
    'producer.id.expiration.ms': '7',
    'producer.id.expiration.check.interval.ms': '8',
    'num.recovery.threads.per.data.dir': '9',
    'log.roll.jitter.hours': '1',
    'log.roll.ms': '7200000',
    'log.preallocate': 'true',
    'log.segment.delete.delay.ms': '10',
    'log.index.size.max.bytes': '11',
    'log.flush.interval.messages': '12',
    'log.flush.interval.ms': '13',
    'log.retention.minutes': '2',
    'log.message.timestamp.type': 'LogAppendTime',
  })
  expect(config.logTuning).toMatchObject({
    initialTaskDelayMs: 1,
    retentionCheckIntervalMs: 2,
    flushSchedulerIntervalMs: 3,
    flushRecoveryPointCheckpointIntervalMs: 4,
    flushStartOffsetCheckpointIntervalMs: 5,
    highWatermarkCheckpointIntervalMs: 6,
    producerIdExpirationMs: 7,
    producerIdExpirationCheckIntervalMs: 8,
    recoveryThreadsPerDirectory: 9,
  })
  expect(config.logDefaults).toMatchObject({
    segmentJitterMs: 3_600_000,
    segmentMs: 7_200_000,
    preallocate: true,
    fileDeleteDelayMs: 10,
    segmentIndexBytes: 11,
    flushMessages: 12,
    flushMs: 13,
    retentionMs: 120_000,
    messageTimestampType: 'LogAppendTime',
  })
})

it('without a word they have Kafka’s defaults, and "never" is no timer that fires at once', () => {
  const config = BrokerConfig.fromProperties({ 'broker.id': '0' })
  expect(config.logTuning).toMatchObject({
    initialTaskDelayMs: 30_000,
    retentionCheckIntervalMs: 300_000,
    producerIdExpirationMs: DAY_MS,
    recoveryThreadsPerDirectory: 1,
  })
  expect(config.logTuning.flushSchedulerIntervalMs).toBeGreaterThan(20 * DAY_MS)
  expect(config.logDefaults).toMatchObject({ flushMs: NO_LIMIT, retentionMs: 7 * DAY_MS, preallocate: false })
})

it('what changes while the broker runs is seen at once', () => {
  const config = BrokerConfig.fromProperties({ 'broker.id': '0' })
  const dynamic = new DynamicBrokerConfig(config, silentLogger)
  dynamic.apply('defaults', new Map([['producer.id.expiration.ms', '1000']]))
  dynamic.apply(
    'values',
    new Map([
      ['num.recovery.threads.per.data.dir', '2'],
      ['log.retention.ms', '5000'],
      ['log.preallocate', 'true'],
    ]),
  )
  expect(config.logTuning).toMatchObject({ producerIdExpirationMs: 1_000, recoveryThreadsPerDirectory: 2 })
  expect(config.logDefaults).toMatchObject({ retentionMs: 5_000, preallocate: true })
})
