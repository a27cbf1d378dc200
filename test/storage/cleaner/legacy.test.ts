import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isCrcValid, type LogRecord, magic, readRecords } from '../../../src/records/index.ts'
import type { Log } from '../../../src/storage/index.ts'
import { TestDir } from '../support.ts'
import { batches, COMPACT, roll } from './support.ts'

const GOLDEN = fileURLToPath(new URL('../../golden/segments', import.meta.url))
const CASES = readdirSync(GOLDEN).filter((name) => name.startsWith('format-'))

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

async function recordsOf(log: Log): Promise<LogRecord[]> {
  return (await batches(log)).flatMap((batch) => [...readRecords(batch, 0)])
}

const shown = ({ offset, timestampMs, key, value }: LogRecord) => ({
  offset,
  timestampMs,
  key: key && String(key),
  value: value && String(value),
})

/** Segments that Apache Kafka wrote in the formats before v2. */
it.each(CASES)('a log of %s keeps the latest of each key, in its format', async (name) => {
  const { topic } = JSON.parse(readFileSync(join(GOLDEN, name, 'expected.json'), 'utf8')) as { topic: string }
  cpSync(join(GOLDEN, name), dir.path, { recursive: true })
  const defaults = { ...COMPACT, fileDeleteDelayMs: 0 }
  const manager = await dir.open({ config: defaults, options: { clusterId: null, brokerId: 1 } })
  const log = manager.getOrCreateLog(topic, 0, { topicId: null })
  await log.open()
  log.updateHighWatermark(log.logEndOffset)
  const before = await recordsOf(log)
  const end = log.logEndOffset
  expect(before.some(({ key }) => key !== null)).toBe(true)
  await roll(log)
  expect(await manager.cleanLogs()).toMatchObject([{ endOffset: end }])
  const latest = new Map(
    before.filter(({ key }) => key !== null).map((record) => [String(record.key), record]),
  )
  const left = (await recordsOf(log)).filter(({ offset }) => offset < end)
  expect(left.length).toBeLessThan(before.length)
  expect(left.map(shown)).toEqual([...latest.values()].sort((a, b) => a.offset - b.offset).map(shown))
  for (const batch of await batches(log)) expect(isCrcValid(batch, 0)).toBe(true)
  const formats = new Set((await batches(log)).map((batch) => magic(batch, 0)))
  expect(formats).toEqual(new Set([name.startsWith('format-v0') ? 0 : 1, 2]))
})
