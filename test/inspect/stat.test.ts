import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { bar } from '../../src/cli/output/bars.ts'
import { totalText } from '../../src/cli/services/segments/stat-text.ts'
import { LogStats, listSegments, locate, statLogs } from '../../src/inspect/index.ts'
import { SizeHistogram } from '../../src/inspect/stat/histogram.ts'
import { flipBit, GOLDEN, goldenCopy, readOnlyFiles } from './support.ts'

async function stat(target: string, headsOnly = false): Promise<LogStats> {
  const located = locate(readOnlyFiles, { names: [target], dataDir: target })
  const total = new LogStats()
  const { signal } = new AbortController()
  for await (const { stats } of statLogs(readOnlyFiles, { located, headsOnly, signal })) total.add(stats)
  return total
}

interface Expected {
  readonly records: readonly { offset: number; timestamp: number; key: unknown; value: unknown }[]
}

/** What Kafka's own consumer read from that directory. */
function expectedOf(name: string): Expected['records'] {
  return (JSON.parse(fs.readFileSync(path.join(GOLDEN, name, 'expected.json'), 'utf8')) as Expected).records
}

describe('stat', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd', 'segments', 'format-v0', 'format-v1-lz4', 'compacted'])(
    'counts what the consumer of Kafka reads: %s',
    async (name) => {
      const records = expectedOf(name)
      const stats = await stat(path.join(GOLDEN, name))
      const keyed = records.filter((record) => record.key !== null)
      expect(stats).toMatchObject({
        records: records.length,
        readRecords: records.length,
        keyed: keyed.length,
        tombstones: keyed.filter((record) => record.value === null).length,
        unreadable: 0,
        trailingBytes: 0,
      })
      const times = records.map((record) => record.timestamp).filter((time) => time >= 0)
      if (times.length > 0) {
        expect(stats.firstTimestampMs).toBe(Math.min(...times))
        expect(stats.lastTimestampMs).toBe(Math.max(...times))
      }
    },
  )

  it('counts transactions, and what is open', async () => {
    const stats = await stat(path.join(GOLDEN, 'transactions'))
    expect(stats).toMatchObject({ commits: 3, aborts: 2, controlBatches: 5, openTransactions: 0 })
    const { dir } = goldenCopy('transactions')
    // Without the last marker the last transaction is open.
    fs.rmSync(path.join(dir, '00000000000000000026.log'))
    expect(await stat(dir)).toMatchObject({ controlBatches: 4, openTransactions: 1 })
  })

  it('says what compression saves, unless only heads are read', async () => {
    const whole = (await stat(path.join(GOLDEN, 'gzip'))).codecs.get('gzip')
    expect(whole?.uncompressedBytes).toBeGreaterThan(whole?.storedBytes ?? Infinity)
    const heads = await stat(path.join(GOLDEN, 'gzip'), true)
    expect(heads.codecs.get('gzip')).toEqual({ ...whole, uncompressedBytes: undefined })
    expect(heads).toMatchObject({ records: expectedOf('gzip').length, readRecords: 0 })
  })

  it('goes on where bytes are damaged', async () => {
    const { dir } = goldenCopy('gzip')
    const log = path.join(dir, '00000000000000000000.log')
    const size = fs.statSync(log).size
    flipBit(log, 75, 3)
    fs.truncateSync(log, size - 5)
    const stats = await stat(dir)
    expect(stats.unreadable).toBe(1)
    expect(stats.trailingBytes).toBeGreaterThan(0)
  })

  it('draws bars on a terminal, and columns elsewhere', () => {
    const stats = new LogStats()
    stats.batches = 5
    for (const size of [70, 100, 100, 100, 600]) stats.sizes.add(size)
    const same = (text: string) => text
    const styles = { bold: same, dim: same, good: same, bad: same }
    const drawn = totalText(stats, { styles, isTerminal: true, columns: 50 }).split('\n').slice(-6, -1)
    expect(drawn).toEqual([
      'batch sizes from',
      ` 64 B  ${'█'.repeat(40)} 4`,
      '128 B  0',
      '256 B  0',
      `512 B  ${'█'.repeat(10)} 1`,
    ])
    const columns = totalText(stats, { styles, isTerminal: false, columns: 50 })
    expect(columns).toContain('FROM-BYTES  TO-BYTES    BATCHES\n64          127         4\n')
    expect([bar(0, 8), bar(0.001, 8), bar(0.5, 1), bar(2, 2)]).toEqual(['', '▏', '▌', '██'])
  })

  it('adds histograms', () => {
    const [one, two] = [new SizeHistogram(), new SizeHistogram()]
    one.add(1)
    two.add(2 ** 31)
    one.merge(two)
    expect(one.buckets).toHaveLength(32)
    expect(one.buckets.at(-1)).toEqual({ fromBytes: 2 ** 31, toBytes: 2 ** 32 - 1, count: 1 })
    expect(new SizeHistogram().buckets).toEqual([])
  })
})

describe('listSegments', () => {
  const list = (target: string) =>
    listSegments(readOnlyFiles, locate(readOnlyFiles, { names: [target], dataDir: target }))

  it('tells offsets, files and marks without reading the log', async () => {
    const rows = await list(path.join(GOLDEN, 'killed'))
    expect(rows.map(({ baseOffset, endOffset, marks }) => ({ baseOffset, endOffset, marks }))).toEqual([
      { baseOffset: 0, endOffset: 16, marks: [] },
      { baseOffset: 16, endOffset: 35, marks: ['active', 'preallocated'] },
    ])
    const [first] = await list(path.join(GOLDEN, 'segments'))
    expect(first).toMatchObject({
      sizeBytes: 1633,
      indexEntries: 4,
      files: ['log', 'index', 'timeindex'],
      lastTimestampMs: Math.max(
        ...expectedOf('segments')
          .slice(0, 16)
          .map((record) => record.timestamp),
      ),
    })
  })

  it('shows what goes and what is not right', async () => {
    const { dir } = goldenCopy('segments')
    const in16 = (suffix: string) => path.join(dir, `00000000000000000016.${suffix}`)
    for (const suffix of ['log', 'index', 'timeindex']) fs.renameSync(in16(suffix), `${in16(suffix)}.deleted`)
    fs.rmSync(path.join(dir, '00000000000000000036.index'))
    fs.truncateSync(path.join(dir, '00000000000000000056.timeindex'), 40)
    const marks = (await list(dir)).map(({ baseOffset, marks }) => `${baseOffset} ${marks.join('+')}`)
    expect(marks.sort()).toEqual(['0 ', '16 deleted', '36 no-index', '56 active+torn-index'])
  })
})
