import { describe, expect, it } from 'vitest'
import * as batch from '../../../src/records/index.ts'
import type { Log } from '../../../src/storage/index.ts'
import type { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { batchOf, LEADER } from '../support.ts'
import {
  copyOf,
  type Image,
  LOG_DIR,
  makeImage,
  openImage,
  PARTITION_DIR,
  type Served,
  segmentsOf,
  serve,
} from './image.ts'

const images = { 'a clean end': await makeImage(true), 'a kill': await makeImage(false) }

interface Damage {
  readonly name: string
  readonly damage: (fs: MemoryFileSystem) => void
  /** What is gone with the damage; else everything must be there. `end`: from some offset on. */
  readonly loses?: 'end' | 'start' | 'some'
}

const change = (fs: MemoryFileSystem, path: string, to: (bytes: Buffer) => Buffer) =>
  fs.put(path, to(fs.readFileSync(path)))
const each = (suffix: string, to: (bytes: Buffer) => Buffer) => (fs: MemoryFileSystem) => {
  for (const path of segmentsOf(fs, suffix)) change(fs, path, to)
}
const lastOf = (fs: MemoryFileSystem, suffix: string) => segmentsOf(fs, suffix).at(-1) ?? ''
const firstOf = (fs: MemoryFileSystem, suffix: string) => segmentsOf(fs, suffix)[0] ?? ''
const nthOf = (fs: MemoryFileSystem, suffix: string, n: number) => segmentsOf(fs, suffix)[n] ?? ''

/** Whatever an index, a snapshot or a small file says: it can be told again from the log. */
const REPAIRABLE = ['.index', '.timeindex', '.txnindex', '.snapshot', 'leader-epoch-checkpoint'].flatMap(
  (suffix): Damage[] => [
    {
      name: `every ${suffix} is missing`,
      damage: (fs) => {
        for (const path of segmentsOf(fs, suffix)) fs.unlinkSync(path)
      },
    },
    { name: `every ${suffix} is empty`, damage: each(suffix, () => Buffer.alloc(0)) },
    { name: `every ${suffix} is cut short`, damage: each(suffix, (b) => b.subarray(0, b.length >> 1)) },
    {
      name: `every ${suffix} ends in the middle of an entry`,
      damage: each(suffix, (b) => b.subarray(0, -1)),
    },
    { name: `every ${suffix} is zeros`, damage: each(suffix, (b) => Buffer.alloc(b.length)) },
    { name: `every ${suffix} is garbage`, damage: each(suffix, (b) => Buffer.alloc(b.length, 0xa7)) },
    {
      name: `every ${suffix} has zeros behind it`,
      damage: each(suffix, (b) => Buffer.concat([b, Buffer.alloc(12 * 8 * 34)])),
    },
    {
      name: `every ${suffix} belongs to another segment`,
      damage: (fs) => {
        const contents = segmentsOf(fs, suffix).map((path) => fs.readFileSync(path))
        for (const [i, path] of segmentsOf(fs, suffix).entries())
          fs.put(path, contents[(i + 1) % contents.length] ?? Buffer.alloc(0))
      },
    },
  ],
)

const CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
].flatMap((name): Damage[] => {
  const put = (text: string) => (fs: MemoryFileSystem) => fs.put(`${LOG_DIR}/${name}`, Buffer.from(text))
  return [
    { name: `${name} has another version`, damage: put('7\n1\nt 0 5\n') },
    { name: `${name} has a negative offset`, damage: put('0\n1\nt 0 -5\n') },
    {
      name: `${name} names the partition twice`,
      damage: put('0\n2\nt 0 3\nt 0 4\n'),
      // The last one counts, as in Kafka.
      ...(name.startsWith('log-start') && { loses: 'start' as const }),
    },
    { name: `${name} has more lines than it says`, damage: put('0\n1\nt 0 3\nx 0 4\n') },
    { name: `${name} has fewer lines than it says`, damage: put('0\n3\nt 0 3\n') },
    { name: `${name} has an offset that no number holds`, damage: put('0\n1\nt 0 99999999999999999999\n') },
    { name: `${name} is garbage`, damage: put('\u0000\u0001\u00ff') },
    { name: `${name} names what is not there`, damage: put('0\n1\nnowhere 9 12\n') },
  ]
})

const SEGMENTS: readonly Damage[] = [
  {
    name: 'the first segment is missing',
    loses: 'start',
    damage: (fs) => fs.unlinkSync(firstOf(fs, '.log')),
  },
  {
    name: 'a segment in the middle is missing',
    loses: 'some',
    damage: (fs) => fs.unlinkSync(nthOf(fs, '.log', 1)),
  },
  { name: 'the last segment is missing', loses: 'end', damage: (fs) => fs.unlinkSync(lastOf(fs, '.log')) },
  {
    name: 'the last segment is empty',
    loses: 'end',
    damage: (fs) => fs.put(lastOf(fs, '.log'), Buffer.alloc(0)),
  },
  {
    name: 'a segment in the middle is empty',
    loses: 'some',
    damage: (fs) => fs.put(nthOf(fs, '.log', 1), Buffer.alloc(0)),
  },
  {
    name: 'the last segment is only garbage',
    loses: 'end',
    damage: (fs) => change(fs, lastOf(fs, '.log'), (b) => Buffer.alloc(b.length, 0xa7)),
  },
  {
    name: 'the last segment has garbage behind it',
    damage: (fs) => change(fs, lastOf(fs, '.log'), (b) => Buffer.concat([b, Buffer.alloc(333, 0xa7)])),
  },
  {
    name: 'the last segment has zeros behind it, as a preallocated one',
    damage: (fs) => change(fs, lastOf(fs, '.log'), (b) => Buffer.concat([b, Buffer.alloc(4096)])),
  },
  {
    name: 'the last segment has its last batch twice',
    damage: (fs) =>
      change(fs, lastOf(fs, '.log'), (b) => Buffer.concat([b, b.subarray([...batch.batchStarts(b)].at(-1))])),
  },
  {
    name: 'a segment overlaps the next one',
    damage: (fs) => {
      const next = fs.readFileSync(nthOf(fs, '.log', 1))
      const [, second] = [...batch.batchStarts(next)]
      change(fs, firstOf(fs, '.log'), (b) => Buffer.concat([b, next.subarray(0, second)]))
    },
  },
  {
    name: 'a segment has its batches in the wrong order',
    loses: 'some',
    damage: (fs) =>
      change(fs, nthOf(fs, '.log', 1), (b) => {
        const [, second] = [...batch.batchStarts(b)]
        return Buffer.concat([b.subarray(second), b.subarray(0, second)])
      }),
  },
  {
    name: 'a segment in the middle ends early',
    loses: 'some',
    damage: (fs) => change(fs, nthOf(fs, '.log', 1), (b) => b.subarray(0, -30)),
  },
]

const STRANGERS: readonly Damage[] = [
  {
    name: 'there are foreign files',
    damage: (fs) => {
      for (const name of ['notes.txt', '1.log', '00000000000000000003.bak', '.DS_Store', 'x.index'])
        fs.put(`${PARTITION_DIR}/${name}`, Buffer.from('hello'))
      for (const name of ['notes.txt', 'backup.tar.gz', 't-x', '__pycache__-1.txt'])
        fs.put(`${LOG_DIR}/${name}`, Buffer.from('hello'))
    },
  },
  {
    name: 'there are foreign directories',
    damage: (fs) => {
      for (const name of ['lost+found', 'snapshots', 'orders', '.trash'])
        fs.putDirectory(`${LOG_DIR}/${name}`)
      fs.putDirectory(`${PARTITION_DIR}/backup`)
      fs.put(`${PARTITION_DIR}/backup/00000000000000000000.log`, Buffer.from('x'))
    },
  },
  {
    name: 'there is a file with the name of a partition',
    damage: (fs) => fs.put(`${LOG_DIR}/orders-3`, Buffer.from('x')),
  },
  {
    name: 'a partition directory is empty',
    damage: (fs) => fs.putDirectory(`${LOG_DIR}/orders-3`),
  },
]

const ALL: readonly Damage[] = [...REPAIRABLE, ...CHECKPOINTS, ...SEGMENTS, ...STRANGERS]

function expectServed(image: Image, served: Served, loses: Damage['loses']): void {
  for (const [offset, value] of served.values)
    expect(image.values.get(offset), `offset ${offset}`).toBe(value)
  const missing = [...image.values.keys()]
    .filter((offset) => !served.values.has(offset))
    .sort((a, b) => a - b)
  if (loses === undefined) expect(missing).toEqual([])
  if (loses === 'end') expect(missing).toEqual([...image.values.keys()].slice(-missing.length || Infinity))
  if (loses === 'start') expect(missing).toEqual([...image.values.keys()].slice(0, missing.length))
}

/** What cannot be seen after a clean end, as little as in Kafka: the index might have had no entry. */
const UNSEEN = /txnindex (is missing|is empty|belongs)/

/** The aborted transaction of the image, as readers of committed records hear of it. */
async function abortedIn(log: Log): Promise<number[]> {
  const ids = new Set<number>()
  for (let at = log.logStartOffset; at < log.logEndOffset; at++) {
    const options = { maxBytes: 1, minOneMessage: true, includeAbortedTransactions: true }
    const result = await log.read(at, { ...options, upperBoundOffset: log.logEndOffset })
    for (const part of result.parts) if (!(part instanceof Uint8Array)) part.release()
    for (const { producerId } of result.abortedTransactions ?? []) ids.add(producerId)
  }
  return [...ids]
}

describe.each(Object.entries(images))('after %s', (after, image) => {
  it.each(ALL)('$name', async ({ name, damage, loses }) => {
    const fs = copyOf(image)
    damage(fs)
    const first = await openImage(fs)
    expectServed(image, await serve(first.log), loses)
    const { highWatermark, logStartOffset, logEndOffset } = first.log
    expect(highWatermark).toBeGreaterThanOrEqual(logStartOffset)
    expect(highWatermark).toBeLessThanOrEqual(logEndOffset)
    if (loses === undefined && (after === 'a kill' || !UNSEEN.test(name)))
      expect(await abortedIn(first.log)).toEqual([100])
    // It goes on: what comes is kept, across an end and a start.
    const { firstOffset } = await first.log.appendAsLeader(batchOf(['new']), LEADER)
    await first.log.offsetForTimestamp(1_700_000_000_003)
    expect(first.manager.describeLogDirs()[0]?.error).toBe(null)
    await first.manager.shutdown()
    expect(fs.openFiles).toEqual([])
    const second = await openImage(fs)
    const served = await serve(second.log)
    expect(served.values.get(firstOffset)).toBe('new')
    served.values.delete(firstOffset)
    expectServed(image, served, loses)
    await second.manager.shutdown()
  })
})
