import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { justified } from '../../../src/cli/kafka-tools/argparse.ts'
import { simpleDateFormat } from '../../../src/cli/kafka-tools/simple-date-format.ts'
import { randomPayloads } from '../../../src/cli/services/perf/payloads.ts'
import { SendStats, type SendWindow } from '../../../src/cli/services/perf/produce-stats.ts'
import { sendLoad } from '../../../src/cli/services/perf/send-load.ts'
import { Producer } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { FakeCluster } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('the statistics of sending', () => {
  it('tell sums, shares and windows of five seconds', () => {
    const windows: SendWindow[] = []
    const stats = new SendStats(100, 1000, (window) => windows.push(window))
    for (let i = 1; i <= 100; i++) stats.record(i, 10, 1000 + i * 60)
    expect(windows).toEqual([
      { records: 84, bytes: 840, elapsedMs: 5040, totalLatencyMs: 3570, maxLatencyMs: 84 },
    ])
    expect(stats.totals(8000)).toEqual({
      records: 100,
      bytes: 1000,
      elapsedMs: 7000,
      totalLatencyMs: 5050,
      maxLatencyMs: 100,
      p50Ms: 51,
      p95Ms: 96,
      p99Ms: 100,
      p999Ms: 100,
    })
  })

  it('keep a sample of many', () => {
    const stats = new SendStats(2_000_000, 0, () => undefined)
    for (let i = 0; i < 2_000_000; i++) stats.record(i % 4 === 0 ? 7 : 1000, 1, 0)
    expect(stats.totals(1).p999Ms).toBe(7)
  })
})

describe('sending a load', () => {
  async function send(records: number, perSecond: number, fail = false) {
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock)
    cluster.addTopic('t', 1)
    if (fail) {
      cluster.script = (call) =>
        call.spec.key === produce.key ? { errorCode: ERROR_CODES.INVALID_RECORD } : undefined
    }
    const producer = new Producer(cluster.clientOptions())
    await clock.run(producer.prepare('t'))
    const stats = new SendStats(records, clock.nowMs(), () => undefined)
    const errors: Error[] = []
    const startMs = clock.monotonicMs()
    const payloads = randomPayloads(seededRandom(3), 20)
    const { signal } = new AbortController()
    const onError = (error: Error) => void errors.push(error)
    await clock.run(
      sendLoad(clock, producer, stats, { topic: 't', records, payloads, perSecond, onError, signal }),
    )
    const elapsedMs = clock.monotonicMs() - startMs
    await clock.run(producer.close())
    return { values: cluster.log('t').values(), totals: stats.totals(clock.nowMs()), errors, elapsedMs }
  }

  it('stores so many records of that size, each told once', async () => {
    const { values, totals, elapsedMs } = await send(2500, Number.POSITIVE_INFINITY)
    expect(values).toHaveLength(2500)
    expect(values.every((value) => /^[A-Z]{20}$/.test(value))).toBe(true)
    expect(new Set(values).size).toBeGreaterThan(2400)
    expect([totals.records, totals.bytes, elapsedMs]).toEqual([2500, 50_000, 0])
  })

  it('keeps to a rate', async () => {
    const { elapsedMs } = await send(100, 50)
    expect(elapsedMs).toBeGreaterThanOrEqual(1980)
    expect(elapsedMs).toBeLessThanOrEqual(2020)
  })

  it('tells of each record that was refused', async () => {
    const { errors, totals } = await send(30, Number.POSITIVE_INFINITY, true)
    expect(errors).toHaveLength(30)
    expect(totals.records).toBe(0)
  })
})

describe('texts of the tools', () => {
  it('are justified from the middle outwards', () => {
    const error =
      'producer-performance: error: argument --payload-file: not allowed with argument --record-size'
    expect(justified(error)).toBe(
      'producer-performance: error:  argument  --payload-file:  not  allowed  with\nargument --record-size',
    )
  })

  it('show times as Java does', () => {
    const time = new Date(2026, 0, 5, 13, 4, 9, 7).getTime()
    const shown = (pattern: string) => simpleDateFormat(pattern)(time)
    expect(shown('yyyy-MM-dd HH:mm:ss:SSS')).toBe('2026-01-05 13:04:09:007')
    expect(shown("yy.M.d 'at' h:m a, EEE MMM")).toBe('26.1.5 at 1:4 PM, Mon Jan')
    expect(shown("''EEEE''")).toBe("'Monday'")
    expect(() => simpleDateFormat('b')).toThrow("Illegal pattern character 'b'")
  })
})
