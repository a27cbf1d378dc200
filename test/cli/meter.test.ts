import { describe, expect, it } from 'vitest'
import { Meter } from '../../src/cli/output/meter.ts'
import { spanText } from '../../src/cli/output/text.ts'
import { readSoFar } from '../../src/cli/records/read-so-far.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MIB = 1_048_576

describe('how far something is', () => {
  it('has a bar, the rate and the time left', () => {
    const clock = new ManualClock()
    const meter = new Meter({ clock, unit: 'bytes' })
    expect(meter.line('Producing', 0, 40 * MIB)).toBe('Producing  ░░░░░░░░░░░░░░░░    0 %  0 B of 40 MiB')
    clock.now += 2_000
    expect(meter.line('Producing', 10 * MIB, 40 * MIB)).toBe(
      'Producing  ████░░░░░░░░░░░░   25 %  10 MiB of 40 MiB  5.0 MiB/s  6 s left',
    )
    clock.now += 2_000
    expect(meter.line('Producing', 40 * MIB, 40 * MIB)).toBe(
      'Producing  ████████████████  100 %  40 MiB of 40 MiB  10 MiB/s',
    )
  })

  it('goes by the last seconds, not by all of them', () => {
    const clock = new ManualClock()
    const meter = new Meter({ clock, unit: 'records' })
    let done = 0
    // A fast start, then a stall: after ten seconds nothing of the start is left in the rate.
    for (; done < 100_000; done += 10_000) {
      meter.line('', done, 1_000_000)
      clock.now += 100
    }
    for (let i = 0; i < 120; i++) {
      meter.line('', done, 1_000_000)
      clock.now += 100
    }
    expect(meter.line('Reading', done, 1_000_000)).toBe(
      'Reading  █▋░░░░░░░░░░░░░░   10 %  100,000 of 1,000,000 records  0/s',
    )
  })

  it('says what is done where nobody knows how much there is', () => {
    const clock = new ManualClock()
    const meter = new Meter({ clock, unit: 'records' })
    clock.now += 1_000
    expect(meter.line('Consuming', 1234)).toBe('Consuming  1,234 records  1,234/s')
    expect(meter.line('Consuming', 0, 0)).toBe('Consuming  0 records  0/s')
  })

  it('never shows more than all', () => {
    const meter = new Meter({ clock: new ManualClock(), unit: 'bytes' })
    expect(meter.line('Copying', 2048, 1024)).toContain('100 %  2.0 KiB of 2.0 KiB')
  })
})

describe('how far a reading is', () => {
  const plans = [
    { topic: 'orders', partition: 0, from: 10, end: 110 },
    { topic: 'orders', partition: 1, from: 0, end: 100 },
  ]
  /** The second partition has not been begun. */
  const consumer = { position: ({ partition }: { partition: number }) => (partition === 0 ? 60 : undefined) }

  it.each([
    ['in offsets', plans, undefined, { done: 50, total: 200 }],
    ['in records, where so many are wanted', plans, 40, { done: 7, total: 40 }],
    ['in offsets, where more are wanted than there are', plans, 4000, { done: 50, total: 200 }],
    ['without an end', [{ ...plans[0], end: undefined }], undefined, undefined],
    ['not beyond its end', [{ ...plans[0], end: 30 }], undefined, { done: 20, total: 20 }],
  ] as const)('%s', (_, of, maxRecords, expected) => {
    expect(readSoFar(consumer, of as typeof plans, maxRecords, 7)).toEqual(expected)
  })
})

it.each([
  [0, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [7 * 86_400_000, '7 d'],
  [90_061_000, '1 d 1 h'],
])('%i ms is %s', (durationMs, text) => {
  expect(spanText(durationMs)).toBe(text)
})
