import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { copyTree, sizeOfTree } from '../../src/base/copy-tree.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

it('copies every byte, and leaves holes where there are zeros', async () => {
  const from = path.join(temporaryDirectory(), 'from')
  const to = path.join(temporaryDirectory(), 'to')
  fs.mkdirSync(path.join(from, 'a', 'empty'), { recursive: true })
  const sparse = Buffer.alloc(5 * 1024 * 1024 + 7)
  sparse.write('in the middle', 2 * 1024 * 1024 + 100)
  fs.writeFileSync(path.join(from, 'a', 'sparse'), sparse)
  fs.writeFileSync(path.join(from, 'a', 'nothing'), '')
  fs.writeFileSync(path.join(from, '.hidden'), 'x')
  fs.writeFileSync(path.join(from, '.lock'), '')
  let bytes = 0
  await copyTree(nodeFileSystem, from, to, {
    except: new Set(['.lock']),
    onBytes: (count) => {
      bytes += count
    },
  })
  expect(fs.readdirSync(to).sort()).toEqual(['.hidden', 'a'])
  expect(fs.readdirSync(path.join(to, 'a')).sort()).toEqual(['empty', 'nothing', 'sparse'])
  const copied = path.join(to, 'a', 'sparse')
  expect(fs.readFileSync(copied).equals(sparse)).toBe(true)
  expect(fs.statSync(copied).blocks * 512).toBeLessThan(3 * 1024 * 1024)
  expect(bytes).toBe(sparse.length + 1)
  expect(sizeOfTree(nodeFileSystem, to)).toBe(bytes)
})
