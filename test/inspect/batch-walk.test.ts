import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { BatchWalk, type WalkOptions } from '../../src/inspect/batch-walk.ts'
import { BatchBuilder, baseOffset, batchStarts, isCrcValid } from '../../src/records/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const GOLDEN = readFileSync('test/golden/segments/none/none-0/00000000000000000000.log')

describe('BatchWalk', () => {
  async function walk(bytes: Uint8Array, options: WalkOptions = {}) {
    const file = path.join(temporaryDirectory(), '00000000000000000000.log')
    writeFileSync(file, bytes)
    const opened = nodeFileSystem.openSync(file, 'r')
    try {
      const batches: { position: number; sizeBytes: number; offset: number; crc: boolean }[] = []
      const steps = new BatchWalk(opened, options)
      for await (const { buffer, at, position, sizeBytes } of steps) {
        const crc = options.read !== 'head' && isCrcValid(buffer, at)
        batches.push({ position, sizeBytes, offset: baseOffset(buffer, at), crc })
      }
      return { batches, end: steps.end }
    } finally {
      opened.closeSync()
    }
  }

  const batchOf = (offset: number, valueBytes: number): Buffer => {
    const builder = new BatchBuilder({ baseOffset: offset })
    builder.append(1000, null, Buffer.alloc(valueBytes, 7))
    return builder.build()
  }

  it('sees every batch of a file once, whole or by its head', async () => {
    const starts = [...batchStarts(GOLDEN)]
    for (const read of ['whole', 'head'] as const) {
      const { batches, end } = await walk(GOLDEN, { read })
      expect(batches.map((batch) => batch.position)).toEqual(starts)
      expect(batches.every((batch) => batch.crc)).toBe(read === 'whole')
      expect(end).toEqual({
        reason: 'end',
        position: GOLDEN.length,
        limit: GOLDEN.length,
        message: undefined,
      })
    }
  })

  it('grows for a batch larger than what it reads at a time, wherever it lies', async () => {
    const sizes = [10, 300_000, 5, 262_144, 262_000, 1, 700_000, 3]
    const all = Buffer.concat(sizes.map((size, i) => batchOf(i, size)))
    for (const read of ['whole', 'head'] as const) {
      const { batches, end } = await walk(all, { read })
      expect(batches.map((batch) => batch.offset)).toEqual(sizes.map((_, i) => i))
      expect(batches.every((batch) => batch.crc)).toBe(read === 'whole')
      expect(end?.reason).toBe('end')
    }
  })

  it('starts and stops where it is told to', async () => {
    const one = batchOf(0, 50)
    const all = Buffer.concat([one, batchOf(1, 50), batchOf(2, 50)])
    const { batches, end } = await walk(all, { from: one.length, to: one.length * 2 + 30 })
    expect(batches.map((batch) => batch.offset)).toEqual([1])
    expect(end).toMatchObject({ reason: 'torn', position: one.length * 2, limit: one.length * 2 + 30 })
  })

  it('says where a torn tail begins, at every length of it', async () => {
    const one = batchOf(0, 50)
    const two = batchOf(1, 50)
    for (let left = 1; left < two.length; left++) {
      const { batches, end } = await walk(Buffer.concat([one, two.subarray(0, left)]))
      expect(batches).toHaveLength(1)
      expect(end).toMatchObject({ reason: 'torn', position: one.length, limit: one.length + left })
    }
  })

  it('ends at lengths and magics that no batch has', async () => {
    const one = batchOf(0, 50)
    const zeros = await walk(Buffer.concat([one, Buffer.alloc(4096)]))
    expect(zeros.end).toMatchObject({ reason: 'corrupt', position: one.length })
    expect(zeros.end?.message).toContain('Record size 0')
    const huge = batchOf(1, 50)
    huge.writeInt32BE(0x7fffffff, 8)
    expect((await walk(Buffer.concat([one, huge]))).end).toMatchObject({
      reason: 'torn',
      position: one.length,
    })
    const foreign = batchOf(1, 50)
    foreign[16] = 3
    const all = Buffer.concat([one, foreign, batchOf(2, 50)])
    expect((await walk(all)).end).toMatchObject({ reason: 'corrupt', position: one.length })
    expect((await walk(all, { anyMagic: true })).batches.map((batch) => batch.offset)).toEqual([0, 1, 2])
  })

  it('goes on when the batch that was being written is whole by now', async () => {
    const one = batchOf(0, 50)
    const file = path.join(temporaryDirectory(), '00000000000000000000.log')
    writeFileSync(file, one.subarray(0, 40))
    const opened = nodeFileSystem.openSync(file, 'r')
    try {
      const steps = new BatchWalk(opened)
      appendFileSync(file, Buffer.concat([one.subarray(40), batchOf(1, 50)]))
      const offsets: number[] = []
      for await (const { buffer, at } of steps) offsets.push(baseOffset(buffer, at))
      expect(offsets).toEqual([0, 1])
      expect(steps.end?.reason).toBe('end')
    } finally {
      opened.closeSync()
    }
  })

  it('has nothing to say of an empty file', async () => {
    expect(await walk(Buffer.alloc(0))).toEqual({
      batches: [],
      end: { reason: 'end', position: 0, limit: 0, message: undefined },
    })
  })
})
