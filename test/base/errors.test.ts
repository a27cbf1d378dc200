import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { KcliError, systemErrorCode } from '../../src/base/errors.ts'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('files and sockets have codes of the system; our errors and wrong arguments do not', () => {
  expect(systemErrorCode(thrownBy(() => readFileSync('/there/is/no/such/file')))).toBe('ENOENT')
  expect(systemErrorCode(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toBe('ENOSPC')
  expect(systemErrorCode(new KcliError('KCLI_CODEC_UNAVAILABLE', 'no codec'))).toBeUndefined()
  expect(systemErrorCode(thrownBy(() => gzipSync('', { level: 42 })))).toBeUndefined()
  expect(systemErrorCode(thrownBy(() => Buffer.alloc(1).readInt32BE(0)))).toBeUndefined()
  expect(systemErrorCode(new Error('plain'))).toBeUndefined()
  expect(systemErrorCode('ENOENT')).toBeUndefined()
  expect(systemErrorCode({ code: 'ENOENT' })).toBeUndefined()
})
