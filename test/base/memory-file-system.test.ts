import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemErrorCode } from '../../src/base/errors.ts'
import type { File, FileSystem, OpenMode } from '../../src/base/file-system.ts'
import { MemoryFileSystem } from '../../src/base/memory-file-system.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import type { Random } from '../../src/base/random.ts'
import { testRandom } from '../support/seed.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MODES: readonly OpenMode[] = ['r', 'r+', 'rw', 'create']
const PAGE_BYTES = 1024 * 1024

type Step = (fs: FileSystem, root: string, files: (File | undefined)[]) => unknown

/** Few names, so that the steps meet: on files, on directories, below files. */
function randomPath(random: Random): string {
  const depth = 1 + random.int(3)
  return Array.from({ length: depth }, () => 'abc'[random.int(3)]).join(path.sep)
}

/** Mostly near the beginning, at times around the end of a page. */
function randomPosition(random: Random): number {
  return random.int(4) === 0 ? PAGE_BYTES - 50 + random.int(100) : random.int(600)
}

function randomStep(random: Random): Step {
  const name = randomPath(random)
  const other = randomPath(random)
  const slot = random.int(4)
  const at = randomPosition(random)
  const bytes = Buffer.alloc(random.int(8) === 0 ? 2 * PAGE_BYTES : random.int(300), random.bytes(7))
  const mode = MODES[random.int(4)] as OpenMode
  const steps: Step[] = [
    (fs, root, files) => {
      const at = path.join(root, name)
      // Linux opens directories for reading, which helps nobody.
      if (!fs.statSync(at)?.isDirectory) files[slot] = fs.openSync(at, mode)
    },
    (_fs, _root, files) => {
      files[slot]?.closeSync()
      files[slot] = undefined
    },
    (_fs, _root, files) => files[slot]?.write([bytes, bytes.subarray(0, 10)], at),
    (_fs, _root, files) => files[slot]?.writeSync(bytes, at),
    (_fs, _root, files) => files[slot]?.truncateSync(at),
    (_fs, _root, files) => files[slot]?.sizeSync(),
    async (_fs, _root, files) => {
      const target = Buffer.alloc(400)
      return [await files[slot]?.read(target, 5, 300, at), target.toString('latin1')]
    },
    (_fs, _root, files) => files[slot]?.sync(),
    (fs, root) => fs.writeFileSync(path.join(root, name), bytes),
    (fs, root) => fs.readFileSync(path.join(root, name)).toString('latin1'),
    (fs, root) => fs.mkdirSync(path.join(root, name)),
    (fs, root) => fs.readdirSync(path.join(root, name)).sort(),
    (fs, root) => fs.renameSync(path.join(root, name), path.join(root, other)),
    (fs, root) => fs.unlinkSync(path.join(root, name)),
    (fs, root) => fs.removeSync(path.join(root, name)),
    (fs, root) => fs.setModifiedSync(path.join(root, name), 5_000),
    (fs, root) => {
      const stat = fs.statSync(path.join(root, name))
      // The size of a directory is the real file system's own affair.
      return stat?.isDirectory ? 'directory' : stat?.sizeBytes
    },
    (fs, root) => fs.existsSync(path.join(root, name)),
  ]
  return steps[random.int(steps.length)] as Step
}

async function outcome(step: Step, ...place: Parameters<Step>): Promise<unknown> {
  try {
    return await step(...place)
  } catch (error) {
    return { code: systemErrorCode(error) }
  }
}

describe('MemoryFileSystem', () => {
  it('does what the real one does', async () => {
    const { seed, random } = testRandom()
    const memory = new MemoryFileSystem({ nowMs: () => 0 })
    const realRoot = temporaryDirectory()
    const memoryRoot = path.resolve('/memory')
    memory.mkdirSync(memoryRoot)
    const realFiles: (File | undefined)[] = []
    const memoryFiles: (File | undefined)[] = []
    for (let count = 0; count < 2_000; count++) {
      const step = randomStep(random)
      const expected = await outcome(step, nodeFileSystem, realRoot, realFiles)
      const actual = await outcome(step, memory, memoryRoot, memoryFiles)
      expect(actual, `seed ${seed}, step ${count}: ${step}`).toEqual(expected)
    }
    for (const file of realFiles) file?.closeSync()
  })

  it('keeps a copy of what is written, and gives copies', () => {
    const fs = new MemoryFileSystem({ nowMs: () => 0 })
    const given = Buffer.from('orders')
    fs.writeFileSync('/f', given)
    given.fill(0)
    fs.readFileSync('/f').fill(0)
    expect(fs.readFileSync('/f').toString()).toBe('orders')
  })

  it('knows when a file was changed', async () => {
    let nowMs = 1
    const fs = new MemoryFileSystem({ nowMs: () => nowMs })
    const file = fs.openSync('/f', 'create')
    nowMs = 2
    await file.write([Buffer.from('x')], 0)
    nowMs = 3
    await file.read(Buffer.alloc(1), 0, 1, 0)
    expect(fs.statSync('/f')?.modifiedMs).toBe(2)
    fs.setModifiedSync('/f', 1)
    expect(fs.statSync('/f')?.modifiedMs).toBe(1)
  })
})
