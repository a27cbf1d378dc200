import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describe('mkdirSync', () => {
  it('makes parents, and is content with what is there', () => {
    const directory = path.join(temporaryDirectory(), 'a', 'b', 'c')
    nodeFileSystem.mkdirSync(directory)
    nodeFileSystem.mkdirSync(directory)
    expect(fs.statSync(directory).isDirectory()).toBe(true)
  })

  it('says when a file is in the way', () => {
    const file = path.join(temporaryDirectory(), 'file')
    fs.writeFileSync(file, '')
    expect(() => nodeFileSystem.mkdirSync(file)).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    expect(() => nodeFileSystem.mkdirSync(path.join(file, 'a'))).toThrow(
      expect.objectContaining({ code: 'ENOTDIR' }),
    )
  })

  it.runIf(process.platform === 'linux')('gives up where nothing can be made', () => {
    expect(() => nodeFileSystem.mkdirSync('/proc/kcli/data')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
  })
})

describe('a file', () => {
  it('writes many parts at a position and reads them back', async () => {
    const file = nodeFileSystem.openSync(path.join(temporaryDirectory(), 'file'), 'create')
    const parts = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`))
    await file.write(parts, 5)
    const expected = Buffer.concat(parts)
    const target = Buffer.alloc(expected.length)
    expect(await file.read(target, 0, target.length, 5)).toBe(expected.length)
    expect(target.equals(expected)).toBe(true)
    expect(await file.read(target, 0, 10, file.sizeSync())).toBe(0)
    file.truncateSync(6)
    expect(file.sizeSync()).toBe(6)
    file.closeSync()
    file.closeSync()
    await expect(file.write([Buffer.from('x')], 0)).rejects.toThrow()
  })
})
