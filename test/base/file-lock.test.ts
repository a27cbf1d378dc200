import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describe.each([
  ['native', {}],
  ['owner file', { native: false }],
])('%s', (_, options) => {
  test('two owners in one process exclude each other, by any name of the file', () => {
    const directory = temporaryDirectory()
    const file = path.join(directory, '.lock')
    const locks = new FileLocks(options)
    const lock = locks.tryLock(file)
    expect(lock).not.toBeNull()
    expect(locks.tryLock(file)).toBeNull()
    fs.symlinkSync(directory, path.join(directory, 'other'))
    expect(locks.tryLock(path.join(directory, 'other', '.lock'))).toBeNull()
    const second = locks.tryLock(path.join(directory, 'another.lock'))
    expect(second).not.toBeNull()
    lock?.release()
    lock?.release()
    const again = locks.tryLock(file)
    expect(again).not.toBeNull()
    again?.release()
    second?.release()
    expect(fs.readdirSync(directory).sort()).toEqual(['.lock', 'another.lock', 'other'])
  })

  test('a directory that is not there is an error, not a lock that somebody has', () => {
    const file = path.join(temporaryDirectory(), 'none', '.lock')
    expect(() => new FileLocks(options).tryLock(file)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })

  test('what is in the file stays', () => {
    const file = path.join(temporaryDirectory(), '.lock')
    fs.writeFileSync(file, 'content')
    const lock = new FileLocks(options).tryLock(file)
    expect(fs.readFileSync(file, 'utf8')).toBe('content')
    lock?.release()
  })
})

describe('owner file', () => {
  test('of a process that is gone, or of another one with its number, is no obstacle', () => {
    const file = path.join(temporaryDirectory(), '.lock')
    const locks = new FileLocks({ native: false })
    for (const content of [
      '4194999 1 aa\n',
      `${process.pid} 1 aa\n`,
      '',
      'nonsense',
      '-1 1 aa\n',
      '0 1 aa\n',
    ]) {
      fs.writeFileSync(`${file}.owner`, content)
      const lock = locks.tryLock(file)
      // Without start times the number alone decides.
      if (content.startsWith(`${process.pid} `) && !fs.existsSync('/proc/self/stat')) continue
      expect(lock, content).not.toBeNull()
      lock?.release()
      expect(fs.existsSync(`${file}.owner`)).toBe(false)
    }
  })

  test('of a process that lives is one', () => {
    const file = path.join(temporaryDirectory(), '.lock')
    const other = new FileLocks({ native: false })
    const lock = other.tryLock(file)
    expect(new FileLocks({ native: false }).tryLock(file)).toBeNull()
    lock?.release()
    const next = new FileLocks({ native: false }).tryLock(file)
    expect(next).not.toBeNull()
    next?.release()
  })
})
