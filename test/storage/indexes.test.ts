import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { OffsetIndex } from '../../src/storage/offset-index.ts'
import { TimeIndex } from '../../src/storage/time-index.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { TestDir } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

/** What may happen to an index; numbers pick an offset. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ do: fc.constant('append' as const), n: fc.integer({ min: 1, max: 600 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), n: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), n: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), n: fc.nat(100_000) }) },
  ),
  { maxLength: 30 },
)

describe('OffsetIndex', () => {
  it('answers as a sorted list does, whatever lies in memory and whatever in the file', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat(100_000), { minLength: 5 }), async (todo, probes) => {
        const path = join(dir.path, 'model.index')
        const base = 1_000_000
        let index = OffsetIndex.create(nodeFileSystem, path, base)
        let model: { offset: number; position: number }[] = []
        for (const step of todo) {
          if (step.do === 'append') {
            for (let i = 0; i < step.n; i++) {
              const last = model.at(-1) ?? { offset: base - 1, position: 0 }
              const entry = { offset: last.offset + 1 + ((i * 7) % 13), position: last.position + 1 + i }
              index.append(entry.offset, entry.position)
              model.push(entry)
            }
          } else if (step.do === 'truncate') {
            index.truncateTo(base + step.n)
            model = model.filter((entry) => entry.offset < base + step.n)
          } else {
            await index.file.write()
            if (step.do === 'reopen') {
              const reopened = OffsetIndex.open(nodeFileSystem, path, base, 2 ** 31)
              if (reopened === undefined) throw new Error('the index was not taken')
              index.file.idle()
              index = reopened
            }
          }
          expect(index.file.entries).toBe(model.length)
        }
        for (const probe of probes) {
          const expected = model.findLast((entry) => entry.offset <= base + probe)
          expect(index.lookup(base + probe)).toEqual(expected ?? { offset: base, position: 0 })
          const upper = model.find((entry) => entry.position >= probe)
          expect(index.upperBound(probe)).toBe(upper?.offset)
        }
        await index.file.write()
        expect(statSync(path).size).toBe(model.length * 8)
        index.file.idle()
      }),
      { numRuns: 40 },
    )
  })

  it('keeps what could not be written for the next try', async () => {
    const fs = new FailingFileSystem()
    const path = join(dir.path, 'full.index')
    const index = OffsetIndex.create(fs, path, 0)
    for (let i = 1; i <= 10; i++) index.append(i, i * 100)
    fs.failNext('write', /full/, 'ENOSPC', { writtenBytes: 13 })
    await expect(index.file.write()).rejects.toMatchObject({ code: 'ENOSPC' })
    index.append(11, 1100)
    await index.file.sync()
    expect(statSync(path).size).toBe(88)
    expect(readFileSync(path).readInt32BE(84)).toBe(1100)
    index.file.idle()
  })

  it('cuts what a truncation took while it was being written', async () => {
    const fs = new FailingFileSystem()
    const path = join(dir.path, 'race.index')
    const index = OffsetIndex.create(fs, path, 0)
    for (let i = 1; i <= 10; i++) index.append(i, i * 100)
    fs.holdWrites()
    const writing = index.file.write()
    await new Promise((resolve) => setImmediate(resolve))
    index.truncateTo(4)
    index.append(40, 4000)
    fs.releaseWrites()
    await writing
    await index.file.write()
    index.file.idle()
    const reopened = OffsetIndex.open(nodeFileSystem, path, 0, 2 ** 31)
    expect(reopened?.file.entries).toBe(4)
    expect(reopened?.last).toEqual({ offset: 40, position: 4000 })
    expect(reopened?.lookup(39)).toEqual({ offset: 3, position: 300 })
    reopened?.file.idle()
  })

  it('is not taken when it points behind the log or has half an entry', () => {
    const path = join(dir.path, 'bad.index')
    const entry = Buffer.alloc(8)
    entry.writeInt32BE(5, 0)
    entry.writeInt32BE(5000, 4)
    nodeFileSystem.writeFileSync(path, entry)
    expect(OffsetIndex.open(nodeFileSystem, path, 0, 5000)).toBeUndefined()
    expect(OffsetIndex.open(nodeFileSystem, path, 0, 5001)).toBeDefined()
    nodeFileSystem.writeFileSync(path, entry.subarray(0, 7))
    expect(OffsetIndex.open(nodeFileSystem, path, 0, 5001)).toBeUndefined()
  })
})

describe('TimeIndex', () => {
  it('only takes larger timestamps and finds the last one that is not too large', () => {
    const index = TimeIndex.create(nodeFileSystem, join(dir.path, 'a.timeindex'), 10)
    expect(index.lookup(5)).toEqual({ timestamp: -1, offset: 10 })
    index.maybeAppend(1000, 12)
    index.maybeAppend(900, 15)
    index.maybeAppend(1000, 16)
    index.maybeAppend(2 ** 42, 20)
    expect(index.file.entries).toBe(2)
    expect(index.lookup(999)).toEqual({ timestamp: -1, offset: 10 })
    expect(index.lookup(1000)).toEqual({ timestamp: 1000, offset: 12 })
    expect(index.lookup(2 ** 42)).toEqual({ timestamp: 2 ** 42, offset: 20 })
    index.truncateTo(20)
    expect(index.last).toEqual({ timestamp: 1000, offset: 12 })
  })
})
