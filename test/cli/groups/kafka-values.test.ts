import { describe, expect, it } from 'vitest'
import { csvLine, readCsvLine } from '../../../src/cli/kafka-tools/consumer-groups/csv.ts'
import {
  partitionOrder,
  partitionPutAllOrder,
  textOrder,
} from '../../../src/cli/kafka-tools/consumer-groups/hash-order.ts'
import {
  parseJavaDateTime,
  parseJavaDuration,
} from '../../../src/cli/kafka-tools/consumer-groups/java-time.ts'
import { javaSplit } from '../../../src/cli/kafka-tools/java-lang.ts'

describe('kafka-consumer-groups: values as Java reads them', () => {
  it.each([
    ['PT0S', 0],
    ['P1DT2H3M4.5S', 93_784_500],
    ['-PT5S', -5000],
    ['PT-5.25S', -5250],
    ['p2d', 172_800_000],
  ])('the duration %s', (text, ms) => {
    expect(parseJavaDuration(text)).toBe(ms)
  })

  it.each(['', 'P', 'PT', 'P1H', '1h', 'PT1.5H', 'P1DT'])('no duration: %s', (text) => {
    expect(() => parseJavaDuration(text)).toThrow('Text cannot be parsed to a Duration')
  })

  it.each([
    ['2023-11-14T22:13:20.050', '2023-11-14T22:13:20.050Z'],
    ['2023-11-14T22:13:20.5', '2023-11-14T22:13:20.005Z'],
    ['2023-11-14T22:13:20.050+01:00', '2023-11-14T21:13:20.050Z'],
    ['2024-02-29T00:00:00.000-0130', '2024-02-29T01:30:00.000Z'],
  ])('the time %s', (text, iso) => {
    expect(new Date(parseJavaDateTime(text)).toISOString()).toBe(iso)
  })

  it.each(['2023-02-29T00:00:00.000', '2023-11-14T24:00:00.000', '2023-11-14T22:13:20', '2023-11-14T'])(
    'no time: %s',
    (text) => {
      expect(() => parseJavaDateTime(text)).toThrow(/Unparseable date|does not contain a 'T'/)
    },
  )

  it('lines of a plan', () => {
    expect(csvLine(['orders', 0, 12])).toBe('orders,0,12\n')
    expect(csvLine(['a "b"', 'a-topic-of-more-than-24-chars', 0, 1])).toBe(
      '"a ""b""","a-topic-of-more-than-24-chars",0,1\n',
    )
    expect(readCsvLine('"a ""b""",orders,1,2', true)).toEqual({
      group: 'a "b"',
      topic: 'orders',
      partition: 1,
      offset: 2,
    })
    expect(() => readCsvLine('orders,1,2,3', false)).toThrow(/Too many entries: expected at most 3/)
    expect(javaSplit('a::b::', /:/)).toEqual(['a', '', 'b'])
  })

  it('the order of a hash map', () => {
    // As java.util.HashMap of JDK 17 gives them.
    expect(textOrder(['b', 'a', 'q', 'b'])).toEqual(['a', 'q', 'b'])
    const partitions = Array.from({ length: 13 }, (_, partition) => ({ topic: 'orders', partition }))
    expect(partitionOrder(partitions).map(({ partition }) => partition)).toEqual([
      7, 8, 9, 10, 11, 12, 0, 1, 2, 3, 4, 5, 6,
    ])
    // Three of them fit into eight buckets.
    const few = [12, 5, 4].map((partition) => ({ topic: 'orders', partition }))
    expect(partitionPutAllOrder(few).map(({ partition }) => partition)).toEqual([12, 4, 5])
  })
})
