import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/base/clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { LatencyHistogram } from '../../../src/cli/services/perf/latency-histogram.ts'
import { LatencyRun } from '../../../src/cli/services/perf/latency-run.ts'
import { distributionText, latencyText } from '../../../src/cli/services/perf/latency-text.ts'
import { SendStats } from '../../../src/cli/services/perf/produce-stats.ts'
import { StampedValues } from '../../../src/cli/services/perf/stamped.ts'
import { Consumer, Producer } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { FakeCluster } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testRandom } from '../../support/seed.ts'

describe('the histogram', () => {
  it('has percentiles that are right to 1 %, of whatever values', () => {
    const { seed, random } = testRandom()
    const values = Array.from({ length: 20_000 }, () => Math.floor(10 ** (random.next() * 8)))
    const histogram = new LatencyHistogram()
    for (const value of values) histogram.record(value)
    const sorted = [...values].sort((a, b) => a - b)
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
      const found = histogram.percentileUs(share) ?? 0
      expect(found, `${share}, seed ${seed}`).toBeGreaterThanOrEqual(exact)
      expect(found, `${share}, seed ${seed}`).toBeLessThanOrEqual(exact * 1.01)
    }
    expect(histogram.minUs).toBe(sorted[0])
    expect(histogram.maxUs).toBe(sorted.at(-1))
    expect(histogram.distribution.reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
    for (const { fromUs, toUs, count } of histogram.distribution)
      expect(values.filter((value) => value >= fromUs && value < toUs)).toHaveLength(count)
  })

  it('knows nothing without values, and takes any', () => {
    const histogram = new LatencyHistogram()
    expect(histogram).toMatchObject({ count: 0, minUs: null, maxUs: null, meanUs: null, distribution: [] })
    expect(histogram.percentileUs(0.5)).toBeNull()
    for (const value of [0, 0.4, -3, 2 ** 60]) histogram.record(value)
    expect(histogram.percentileUs(0.75)).toBe(0)
    expect(histogram.percentileUs(1)).toBe(2 ** 40)
  })

  it('is drawn on a terminal and has columns elsewhere', () => {
    const stats = new SendStats(10, 0, () => undefined)
    for (const latencyMs of [0, 3, 3, 3, 12]) stats.record(latencyMs, 1, 0)
    const bins = stats.distribution
    expect(distributionText(bins, undefined)).toBe(
      [
        'FROM-US    TO-US      RECORDS',
        '0          1000       1',
        '1000       2000       0',
        '2000       5000       3',
        '5000       10000      0',
        '10000      20000      1',
        '',
      ].join('\n'),
    )
    const same = (text: string) => text
    const styles = { bold: same, dim: same, good: same, bad: same }
    expect(distributionText(bins, { columns: 40, styles }).split('\n').slice(1, 5)).toEqual([
      ' 0 µs  ███████ 1 (20.0 %)',
      ' 1 ms  0 (0.0 %)',
      ' 2 ms  █████████████████████ 3 (60.0 %)',
      ' 5 ms  0 (0.0 %)',
    ])
    expect([950, 1_250, 34_000, 5_100_000, null].map(latencyText)).toEqual([
      '950 µs',
      '1.3 ms',
      '34 ms',
      '5.1 s',
      '-',
    ])
  })
})

describe('stamped values', () => {
  it('are known again, and only those of the same run', () => {
    const random = seededRandom(7)
    const [own, other] = [new StampedValues(random, 100), new StampedValues(random, 100)]
    expect(own.value(7)).toHaveLength(100)
    expect(own.indexOf(own.value(4_000_000_000))).toBe(4_000_000_000)
    expect(own.indexOf(other.value(7))).toBeUndefined()
    expect(own.indexOf(Buffer.from('hello'))).toBeUndefined()
    expect(own.indexOf(null)).toBeUndefined()
    const small = new StampedValues(random, 0)
    expect(small.indexOf(small.value(3))).toBe(3)
  })
})

/** Who looks at the clock in every turn of the loop waits for ever where turns take none. */
function withTurnsThatTakeTime(clock: ManualClock): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, fn) => clock.setTimer(delayMs, fn),
    defer: (fn) => void clock.setTimer(0.05, fn),
  }
}

describe('a run', () => {
  async function run(prepare: (cluster: FakeCluster, clock: ManualClock) => void) {
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock)
    cluster.addTopic('t', 1)
    const producer = new Producer(cluster.clientOptions(), { lingerMs: 0 })
    const consumer = new Consumer(cluster.clientOptions(), {})
    await producer.prepare('t')
    consumer.assign([{ topic: 't', partition: 0, from: 'latest' }])
    await consumer.begin()
    prepare(cluster, clock)
    const measured = new LatencyRun({
      topic: 't',
      records: 10,
      warmUpRecords: 2,
      perSecond: 100,
      sizeBytes: 20,
      idleTimeoutMs: 1_000,
      clock: withTurnsThatTakeTime(clock),
      random: seededRandom(1),
      signal: new AbortController().signal,
    })
    const done = measured.run(producer, consumer)
    let isDone = false
    void done.finally(() => {
      isDone = true
    })
    while (!isDone) await clock.advance(0.5)
    await done
    producer.abandon()
    await consumer.close()
    return measured
  }

  it('counts each record from when it was due, so that a stall counts for all that it held up', async () => {
    const quick = await run(() => undefined)
    expect(quick).toMatchObject({ lost: 0, failed: 0 })
    expect(quick.latencies.count).toBe(10)
    expect(quick.latencies.maxUs).toBeLessThan(5_000)
    const stalled = await run((cluster, clock) => {
      // All that is produced from the fifth record on is stored 100 ms later.
      const resumeMs = clock.monotonicMs() + 150
      cluster.script = ({ spec }) => {
        const leftMs = resumeMs - clock.monotonicMs()
        if (spec.key !== produce.key || leftMs > 110 || leftMs <= 0) return undefined
        return { hold: new Promise((resolve) => void clock.setTimer(leftMs, () => resolve())) }
      }
    })
    expect(stalled.latencies.count).toBe(10)
    // Records 4 to 11 were due in the stall: eight of ten waited for its end, each for what was left of it.
    expect(stalled.latencies.percentileUs(0.3)).toBeGreaterThan(30_000)
    expect(stalled.latencies.maxUs).toBeGreaterThan(90_000)
  })

  it('says what was refused and what never came', async () => {
    let produced = 0
    const measured = await run((cluster) => {
      cluster.script = ({ spec }) =>
        spec.key === produce.key && ++produced === 5 ? { errorCode: ERROR_CODES.INVALID_RECORD } : undefined
    })
    expect(measured).toMatchObject({ failed: 1, lost: 0 })
    expect(measured.firstError?.message).toContain('INVALID_RECORD')
    expect(measured.latencies.count).toBe(9)
  })
})
