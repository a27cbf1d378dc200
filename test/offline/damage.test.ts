import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { batchStarts, LOG_APPEND_TIME, lastOffset, setMaxTimestampAndType } from '../../src/records/index.ts'
import { testRandom } from '../support/seed.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { asExpected, comparable, copyGolden, expectedOf, open, readAll, treeHash } from './support.ts'

/** Segments 0, 16, 36 and 56 of the topic `segments`, 73 records. */
const ALL = comparable(expectedOf('segments').records)

function segmentsDir(): { logDir: string; partition: string; file: (name: string) => string } {
  const logDir = path.join(temporaryDirectory(), 'logs')
  copyGolden(logDir, ['segments'])
  const partition = path.join(logDir, 'segments-0')
  const file = (name: string) => path.join(partition, name)
  return { logDir, partition, file }
}

const log = (offset: number) => `${String(offset).padStart(20, '0')}.log`
const index = (offset: number, suffix = 'index') => `${String(offset).padStart(20, '0')}.${suffix}`

/** Changes one byte of the records of a batch, which only the checksum tells. Gives where the batch begins. */
function breakBatch(file: string, which: number): { position: number; baseOffset: number } {
  const bytes = readFileSync(file)
  const position = [...batchStarts(bytes)].at(which) ?? 0
  bytes[position + 61] = (bytes[position + 61] ?? 0) ^ 0x40
  writeFileSync(file, bytes)
  return { position, baseOffset: Number(bytes.readBigInt64BE(position)) }
}

const upTo = (offset: number) => (ALL as { offset: number }[]).filter((record) => record.offset < offset)
const from = (offset: number) => (ALL as { offset: number }[]).filter((record) => record.offset >= offset)

describe('a log with damage', () => {
  it('ends before a tail that was being written, without a word', async () => {
    const { logDir, file } = segmentsDir()
    const first = readFileSync(file(log(56)))
    appendFileSync(file(log(56)), first.subarray(0, 70))
    const hash = treeHash(logDir)
    const { target, warnings } = open(logDir)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(ALL)
    expect(warnings).toEqual([])
    expect(treeHash(logDir)).toBe(hash)
  })

  it('ends before zeros, which are room that was made ahead', async () => {
    const { logDir, file } = segmentsDir()
    appendFileSync(file(log(56)), Buffer.alloc(5000))
    const { target, warnings } = open(logDir)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(ALL)
    expect(warnings).toEqual([])
  })

  it('leaves out the rest of a segment behind a batch with a wrong checksum, and goes on with the next', async () => {
    const { logDir, file } = segmentsDir()
    const { position, baseOffset } = breakBatch(file(log(16)), 1)
    const hash = treeHash(logDir)
    const { target, warnings } = open(logDir)
    const records = asExpected(await readAll(target, 'segments'))
    expect(records).toEqual([...upTo(baseOffset), ...from(36)])
    expect(warnings).toEqual([expect.stringContaining(`${file(log(16))} is damaged at byte ${position}`)])
    expect(warnings[0]).toContain(`kcli segments verify ${file(log(16))}`)
    expect(target.failures).toBe(1)
    expect(treeHash(logDir)).toBe(hash)
  })

  it('ends at the last good batch when the last one is damaged', async () => {
    const { logDir, file } = segmentsDir()
    const { position, baseOffset } = breakBatch(file(log(56)), -1)
    const { target, admin, warnings } = open(logDir)
    const [latest] = await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }])
    expect(latest?.offset).toBe(baseOffset)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(upTo(baseOffset))
    expect(warnings).toEqual([expect.stringContaining(`at byte ${position}`)])
  })

  it('lets a reader past damage in the middle of the last segment', async () => {
    const { logDir, file } = segmentsDir()
    // One segment of all, with an index: only what lies behind its last entry is looked at when the log is opened.
    const bytes = Buffer.concat([0, 16, 36, 56].map((offset) => readFileSync(file(log(offset)))))
    for (const offset of [16, 36, 56]) rmSync(file(log(offset)))
    writeFileSync(file(log(0)), bytes)
    const starts = [...batchStarts(bytes)]
    const entry = Buffer.alloc(8)
    const last = starts.at(-1) ?? 0
    entry.writeInt32BE(Number(bytes.readBigInt64BE(last)), 0)
    entry.writeInt32BE(last, 4)
    writeFileSync(file(index(0)), entry)
    const { baseOffset } = breakBatch(file(log(0)), Math.floor(starts.length / 2))
    const { target, admin, warnings } = open(logDir)
    const [latest] = await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }])
    expect(latest?.offset).toBe(73)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(upTo(baseOffset))
    expect(warnings).toHaveLength(1)
    // What can be reached by its offset is good.
    expect(asExpected(await readAll(target, 'segments', { from: 72 }))).toEqual(from(72))
  })

  it.each([
    ['missing', (file: string) => rmSync(file)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['bogus', (file: string) => writeFileSync(file, Buffer.alloc(80, 0x7a))],
    ['of another size', (file: string) => appendFileSync(file, 'abc')],
    ['leading into a batch', (file: string) => writeFileSync(file, Buffer.from('0000000100000011', 'hex'))],
  ])('does without indexes that are %s', async (_what, spoil) => {
    const { logDir, file } = segmentsDir()
    for (const offset of [0, 16, 36, 56]) {
      spoil(file(index(offset)))
      spoil(file(index(offset, 'timeindex')))
    }
    const hash = treeHash(logDir)
    const { target, admin, warnings } = open(logDir)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(ALL)
    for (const offset of [0, 17, 40, 72]) {
      expect(asExpected(await readAll(target, 'segments', { from: offset }))).toEqual(from(offset))
    }
    const { offset, timestamp } = expectedOf('segments').records.at(-1) ?? { offset: -1, timestamp: -1 }
    const at = { topic: 'segments', partition: 0 }
    expect(await admin.listOffsets([{ ...at, spec: { timestampMs: timestamp } }])).toEqual([
      expect.objectContaining({ offset }),
    ])
    expect(await admin.listOffsets([{ ...at, spec: 'maxTimestamp' }])).toEqual([
      expect.objectContaining({ offset, timestampMs: timestamp }),
    ])
    expect(warnings).toEqual([])
    expect(treeHash(logDir)).toBe(hash)
  })

  it('finds the latest time without the time index', async () => {
    const { logDir, file } = segmentsDir()
    const bytes = readFileSync(file(log(56)))
    const [first = 0, second = 0] = batchStarts(bytes)
    setMaxTimestampAndType(bytes, first, LOG_APPEND_TIME, 1_900_000_000_000)
    writeFileSync(file(log(56)), bytes)
    const entry = Buffer.alloc(8)
    entry.writeInt32BE(lastOffset(bytes, second) - 56, 0)
    entry.writeInt32BE(second, 4)
    writeFileSync(file(index(56)), entry)
    writeFileSync(file(index(56, 'timeindex')), '')
    const { admin } = open(logDir)
    const [found] = await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'maxTimestamp' }])
    expect(found).toMatchObject({ offset: 56, timestampMs: 1_900_000_000_000 })
  })

  it.each(['missing snapshots', 'a damaged transaction index'])(
    'knows what is committed with %s',
    async (what) => {
      const logDir = path.join(temporaryDirectory(), 'logs')
      copyGolden(logDir, ['transactions'])
      const file = (name: string) => path.join(logDir, 'transactions-0', name)
      if (what === 'missing snapshots') for (const at of [3, 18, 26, 27]) rmSync(file(index(at, 'snapshot')))
      else writeFileSync(file(index(3, 'txnindex')), Buffer.alloc(68, 0xff))
      const { target } = open(logDir)
      const records = await readAll(target, 'transactions', { isolationLevel: 'read_committed' })
      expect(asExpected(records)).toEqual(comparable(expectedOf('transactions').committed ?? []))
    },
  )

  it('shows nothing of a transaction that is still open, to those who want committed records', async () => {
    const logDir = path.join(temporaryDirectory(), 'logs')
    copyGolden(logDir, ['transactions'])
    const file = (name: string) => path.join(logDir, 'transactions-0', name)
    // The log as it was before the first marker was written.
    for (const at of [18, 26]) rmSync(file(log(at)))
    const committed = expectedOf('transactions').committed ?? []
    const { target, admin } = open(logDir)
    const all = await readAll(target, 'transactions')
    const seen = await readAll(target, 'transactions', { isolationLevel: 'read_committed' })
    expect(asExpected(seen)).toEqual(
      comparable(
        committed.filter(({ offset }) => offset < 18 && all.some((record) => record.offset === offset)),
      ),
    )
    const [latest] = await admin.listOffsets([{ topic: 'transactions', partition: 0, spec: 'latest' }])
    expect(latest?.offset).toBe(18)
  })

  it('never gives a wrong record and never hangs, whatever byte is changed', async () => {
    const { seed, random } = testRandom()
    const contentOf = ({ offset: _, ...content }: Record<string, unknown>) => JSON.stringify(content)
    const expected = new Set((ALL as Record<string, unknown>[]).map(contentOf))
    for (let round = 0; round < 40; round++) {
      const { logDir, file } = segmentsDir()
      const names = [0, 16, 36, 56].flatMap((offset) => [
        log(offset),
        log(offset),
        index(offset),
        index(offset, 'timeindex'),
      ])
      const name = names[Math.floor(random.next() * names.length)] ?? ''
      const bytes = readFileSync(file(name))
      if (bytes.length === 0) continue
      const at = Math.floor(random.next() * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.next() * 8))
      writeFileSync(file(name), bytes)
      const { target } = open(logDir)
      const records = asExpected(await readAll(target, 'segments')) as Record<string, unknown>[]
      const message = `seed ${seed}, round ${round}: byte ${at} of ${name}`
      // Offsets stand outside of the checksum; they rise in any case.
      expect(
        records.filter((record) => !expected.has(contentOf(record))),
        message,
      ).toEqual([])
      const offsets = records.map((record) => record.offset)
      expect(offsets, message).toEqual([...new Set(offsets)].sort((a, b) => Number(a) - Number(b)))
      await target.close()
    }
  })
})

describe('a compaction that was interrupted', () => {
  it('is read as recovery would leave it: a decided one counts', async () => {
    const { logDir, file } = segmentsDir()
    renameSync(file(log(16)), file(`${log(16)}.swap`))
    for (const suffix of ['index', 'timeindex'])
      renameSync(file(index(16, suffix)), file(`${index(16, suffix)}.swap`))
    // The old segment is still there: an emptied one shows which of both is read.
    writeFileSync(file(log(16)), '')
    const hash = treeHash(logDir)
    const { target, warnings } = open(logDir)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(ALL)
    expect(warnings).toEqual([])
    expect(treeHash(logDir)).toBe(hash)
  })

  it('is read as recovery would leave it: one that was not decided does not', async () => {
    const { logDir, file } = segmentsDir()
    writeFileSync(file(`${log(16)}.cleaned`), 'half')
    writeFileSync(file(`${log(36)}.swap`), 'part of a split')
    writeFileSync(file(`${log(0)}.deleted`), 'old')
    const { target } = open(logDir)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(ALL)
  })
})

describe('a broker that goes on writing', () => {
  it('may remove segments meanwhile', async () => {
    const { logDir, file } = segmentsDir()
    const { target, admin, warnings } = open(logDir)
    await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }])
    for (const offset of [0, 16]) {
      for (const suffix of ['log', 'index', 'timeindex'])
        renameSync(file(index(offset, suffix)), file(`${index(offset, suffix)}.deleted`))
    }
    // A position that was looked up before leads to what is left.
    expect(asExpected(await readAll(target, 'segments', { from: 3 }))).toEqual(from(36))
    expect(warnings).toEqual(['segments-0: the offsets 3 to 35 were removed while they were being read'])
    expect(target.failures).toBe(0)
    const [earliest] = await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'earliest' }])
    expect(earliest?.offset).toBe(36)
  })

  it('may remove all there is', async () => {
    const { logDir, file } = segmentsDir()
    const { target, admin } = open(logDir)
    await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }])
    for (const offset of [0, 16, 36, 56]) rmSync(file(log(offset)))
    writeFileSync(file(log(500)), '')
    expect(await readAll(target, 'segments', { from: 10 })).toEqual([])
  })

  it('may append meanwhile: what is there at the first look counts', async () => {
    const { logDir, file } = segmentsDir()
    const whole = readFileSync(file(log(56)))
    const starts = [...batchStarts(whole)]
    const cut = starts.at(-1) ?? 0
    const lastOffset = Number(whole.readBigInt64BE(cut))
    truncateSync(file(log(56)), cut)
    const { target, admin } = open(logDir)
    const latest = async () =>
      (await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }]))[0]?.offset
    expect(await latest()).toBe(lastOffset)
    appendFileSync(file(log(56)), whole.subarray(cut))
    expect(await latest()).toBe(lastOffset)
    expect(asExpected(await readAll(target, 'segments'))).toEqual(upTo(lastOffset))
    expect(asExpected(await readAll(open(logDir).target, 'segments'))).toEqual(ALL)
  })
})
