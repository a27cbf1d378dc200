import { expect, test } from 'vitest'
import { AppendWriter, type PendingAppend } from '../../src/storage/append-writer.ts'
import type { Segment } from '../../src/storage/segment.ts'

const KB = 1024

/** A writer over a segment whose writes end when the test says so. */
function harness() {
  const writes: { bytes: number; end: (error?: Error) => void }[] = []
  const write = (parts: readonly Uint8Array[]) =>
    new Promise<void>((resolve, reject) => {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0)
      writes.push({ bytes, end: (error) => (error ? reject(error) : resolve()) })
    })
  const using = (work: (file: { write: typeof write }) => Promise<void>) => work({ write })
  const segment = { file: { using } } as unknown as Segment
  const events: string[] = []
  const writer = new AppendWriter(() => events.push('repair'))
  const submit = (name: string, bytes: number) => {
    const append: PendingAppend = {
      segment,
      position: 0,
      records: Buffer.alloc(bytes),
      written: () => events.push(`written ${name}`),
      undo: () => events.push(`undo ${name}`),
      failed: () => events.push(`failed ${name}`),
    }
    writer.submit(append)
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { writer, writes, events, submit, turn }
}

test('what waits behind a write goes out in shares of half of it, so that checking and writing overlap', async () => {
  const { writer, writes, events, submit, turn } = harness()
  submit('first', 100 * KB)
  await turn()
  for (let i = 0; i < 9; i++) submit(`b${i}`, 100 * KB)
  expect(writes.map((write) => write.bytes / KB)).toEqual([100])
  for (let i = 0; i < 3; i++) {
    writes.at(-1)?.end()
    await turn()
  }
  expect(writes.map((write) => write.bytes / KB)).toEqual([100, 500, 400])
  writes.at(-1)?.end()
  await writer.idle()
  expect(events).toEqual(['written first', ...Array.from({ length: 9 }, (_, i) => `written b${i}`)])
})

test('little that waits goes out at once', async () => {
  const { writes, submit, turn } = harness()
  submit('first', KB)
  await turn()
  for (let i = 0; i < 60; i++) submit(`b${i}`, KB)
  writes[0]?.end()
  await turn()
  expect(writes.map((write) => write.bytes / KB)).toEqual([1, 60])
})

test('a failed share takes all behind it back, newest first, and none before it', async () => {
  const { writer, writes, events, submit, turn } = harness()
  submit('first', 100 * KB)
  await turn()
  for (const name of ['a', 'b', 'c']) submit(name, 100 * KB)
  writes[0]?.end()
  await turn()
  submit('late', 100 * KB)
  expect(writes.map((write) => write.bytes / KB)).toEqual([100, 200])
  writes[1]?.end(new Error('EIO'))
  await writer.idle()
  expect(events).toEqual([
    'written first',
    'undo late',
    'undo c',
    'undo b',
    'undo a',
    'repair',
    'failed a',
    'failed b',
    'failed c',
    'failed late',
  ])
  submit('next', KB)
  await turn()
  writes[2]?.end()
  await writer.idle()
  expect(events.at(-1)).toBe('written next')
})
