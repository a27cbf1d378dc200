import { describe, expect, it } from 'vitest'
import { areaLines, barLines } from '../../../src/cli/output/chart.ts'
import { textWidth } from '../../../src/cli/output/text-width.ts'
import { lagSeries } from '../../../src/cli/services/groups/lag/chart.ts'
import type { PartitionLag } from '../../../src/cli/services/groups/lag/measure.ts'

const same = (text: string) => text
const styles = { bold: same, dim: same, good: same, bad: same }

describe('bars', () => {
  it('are as long as their values beside the longest, and fit', () => {
    const bars = [
      { label: 'a', value: 100 },
      { label: '漢字', value: 50, text: 'fifty' },
      { label: 'none', value: 0 },
      { label: 'some', value: 0.01 },
    ]
    const lines = barLines(bars, { columns: 33, styles })
    expect(lines).toEqual([
      '   a  ████████████████████ 100',
      '漢字  ██████████ fifty',
      'none  0',
      'some  ▏ 0.01',
    ])
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(33)
    expect(barLines([{ label: 'x', value: 0 }], { columns: 80, styles })).toEqual(['x  0'])
    expect(barLines([], { columns: 80, styles })).toEqual([])
  })
})

describe('an area', () => {
  const options = { columns: 24, rows: 4, styles, valueText: String }
  const points = (...values: (number | undefined)[]) =>
    values.map((value, i) => ({ timeMs: i * 1_000, value }))

  it('goes from nothing to its highest value, and keeps every peak', () => {
    const flat = Array.from({ length: 1_000 }, (_, i) => ({ timeMs: i, value: i === 500 ? 80 : 0 }))
    const lines = areaLines(flat, options)
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatch(/^80 ┤ +█$/)
    expect(lines[3]).toMatch(/^ 0 ┤▁+█▁+$/)
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(24)
  })

  it('begins where something is known, and holds a value until the next', () => {
    const lines = areaLines(points(undefined, 40, 80), { ...options, columns: 18 })
    expect(lines[0]).toMatch(/^80 ┤ +█+$/)
    expect(lines[3]).toMatch(/^ 0 ┤ +█+$/)
    expect(areaLines([], options)).toEqual([])
    expect(areaLines(points(0, 0), options).at(-2)).toMatch(/^0 ┤▁+$/)
  })
})

describe('the lag of a group over time', () => {
  const partition = (lag: number, ...commits: [number, number, number][]) =>
    ({
      lag,
      commits: commits.map(([timestampMs, offset, endOffset]) => ({ timestampMs, offset, endOffset })),
    }) as unknown as PartitionLag

  it('is the sum over its partitions at each commit, and now', () => {
    const first = partition(3, [10, 0, 50], [20, 40, 60], [30, 70, 70])
    const second = partition(5, [20, 100, 107])
    expect(lagSeries([first, second], 40, 35)).toEqual([
      { timeMs: 5, value: 57 },
      { timeMs: 10, value: 57 },
      { timeMs: 20, value: 27 },
      { timeMs: 30, value: 7 },
      { timeMs: 40, value: 8 },
    ])
  })

  it('leaves out where the log ended nobody knows', () => {
    expect(lagSeries([partition(4, [10, 5, -1])], 40, 35)).toEqual([
      { timeMs: 5, value: 4 },
      { timeMs: 40, value: 4 },
    ])
  })
})
