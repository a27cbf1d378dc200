import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { OPEN_ACL_UNSAFE } from '../../src/zookeeper/acl.ts'
import { JuteError } from '../../src/zookeeper/jute.ts'
import { decodeLogEntry, encodeLogEntry, type LogEntry, type Txn } from '../../src/zookeeper/records.ts'
import { readLogFile, TxnLog } from '../../src/zookeeper/txn-log.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'

const TXNS: readonly Txn[] = [
  { kind: 'createSession', timeoutMs: 30_000 },
  {
    kind: 'create',
    path: '/a',
    data: Buffer.from('data'),
    acl: OPEN_ACL_UNSAFE,
    owner: 'nobody',
    ttlMs: 0,
    parentCversion: 1,
  },
  { kind: 'create', path: '/e', data: null, acl: [], owner: 'session', ttlMs: 0, parentCversion: 2 },
  {
    kind: 'create',
    path: '/c',
    data: null,
    acl: OPEN_ACL_UNSAFE,
    owner: 'container',
    ttlMs: 0,
    parentCversion: 3,
  },
  {
    kind: 'create',
    path: '/t',
    data: null,
    acl: OPEN_ACL_UNSAFE,
    owner: 'ttl',
    ttlMs: 5000,
    parentCversion: 4,
  },
  { kind: 'setData', path: '/a', data: null, version: 1 },
  { kind: 'setAcl', path: '/a', acl: OPEN_ACL_UNSAFE, version: 1 },
  {
    kind: 'multi',
    txns: [
      { kind: 'check', path: '/a', version: 2 },
      { kind: 'delete', path: '/a' },
      { kind: 'error', code: -101 },
    ],
  },
  { kind: 'multi', txns: [] },
  { kind: 'error', code: -110 },
  { kind: 'closeSession', paths: ['/e'] },
]

const ENTRIES: readonly LogEntry[] = TXNS.map((txn, index) => ({
  header: { clientId: 0x100001f2f770000n, cxid: index, zxid: index + 1, time: 1_795_230_963_794 + index },
  txn,
  digest: txn.kind === 'error' ? null : { version: 2, treeDigest: BigInt(index) << 33n },
}))

async function writeLog(): Promise<{ fs: MemoryFileSystem; bytes: Buffer }> {
  const fs = new MemoryFileSystem()
  fs.putDirectory('/v')
  const log = new TxnLog(fs, '/v', { forceSync: true })
  await log.append(1, ENTRIES.slice(0, 3).map(encodeLogEntry))
  await log.append(4, ENTRIES.slice(3).map(encodeLogEntry))
  log.roll()
  return { fs, bytes: fs.readFileSync('/v/log.1') }
}

function readBytes(bytes: Uint8Array): LogEntry[] {
  const fs = new MemoryFileSystem()
  fs.put('/log', bytes)
  return [...readLogFile(fs, '/log')]
}

test('each kind of transaction comes back as it was', () => {
  for (const entry of ENTRIES) expect(decodeLogEntry(encodeLogEntry(entry))).toEqual(entry)
})

test('a log comes back as it was written, with and without the zeros behind it', async () => {
  const { bytes } = await writeLog()
  expect(bytes.toString('latin1', 0, 4)).toBe('ZKLG')
  expect(readBytes(bytes)).toEqual(ENTRIES)
  expect(readBytes(Buffer.concat([bytes, Buffer.alloc(100_000)]))).toEqual(ENTRIES)
  expect(readBytes(Buffer.concat([bytes, Buffer.alloc(3)]))).toEqual(ENTRIES)
})

test('a log that is still open has room behind it, and is read all the same', async () => {
  const fs = new MemoryFileSystem()
  fs.putDirectory('/v')
  const log = new TxnLog(fs, '/v', { forceSync: false })
  await log.append(1, ENTRIES.map(encodeLogEntry))
  expect(fs.readFileSync('/v/log.1').length).toBeGreaterThan(64 * 1024)
  expect([...readLogFile(fs, '/v/log.1')]).toEqual(ENTRIES)
})

test('entries larger than what is read at once', async () => {
  const fs = new MemoryFileSystem()
  fs.putDirectory('/v')
  const log = new TxnLog(fs, '/v', { forceSync: false })
  const data = Buffer.alloc(90_000, 'x')
  const large = ENTRIES.map(
    (entry): LogEntry => ({ ...entry, txn: { kind: 'setData', path: '/a', data, version: 1 } }),
  )
  await log.append(1, large.map(encodeLogEntry))
  const found = [...readLogFile(fs, '/v/log.1')]
  expect(found.map(({ header }) => header)).toEqual(ENTRIES.map(({ header }) => header))
  expect(found.every(({ txn }) => txn.kind === 'setData' && txn.data?.equals(data))).toBe(true)
})

test('cut anywhere, and cut anywhere with zeros behind, a log gives its whole entries', async () => {
  const { bytes } = await writeLog()
  let before = 0
  for (let length = 0; length <= bytes.length; length++) {
    const cut = bytes.subarray(0, length)
    const found = readBytes(cut)
    expect(found).toEqual(ENTRIES.slice(0, found.length))
    expect(found.length).toBeGreaterThanOrEqual(before)
    before = found.length
    // A header of which only a part is there cannot be told from that of another kind of file.
    if (length === 0 || length >= 16)
      expect(readBytes(Buffer.concat([cut, Buffer.alloc(5000)]))).toEqual(found)
  }
  expect(before).toBe(ENTRIES.length)
})

test('a changed bit is an error, or the end of the log, but never another transaction', async () => {
  const { bytes } = await writeLog()
  const random = seededRandom(11)
  let errors = 0
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(bytes)
    const at = 16 + random.int(bytes.length - 16)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.int(8))
    try {
      const found = readBytes(damaged)
      expect(found).toEqual(ENTRIES.slice(0, found.length))
      expect(found.length).toBeLessThan(ENTRIES.length)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      errors++
    }
  }
  expect(errors).toBeGreaterThan(2000)
})

test('random bytes with a valid frame give a JuteError, or an entry', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 3000; round++) {
    const original = encodeLogEntry(ENTRIES[random.int(ENTRIES.length)] as LogEntry)
    for (let i = 0; i < 3; i++) original[random.int(original.length)] = random.int(256)
    try {
      decodeLogEntry(original)
    } catch (error) {
      expect(error).toBeInstanceOf(JuteError)
    }
  }
})

test('another file is no log', () => {
  expect(() => readBytes(Buffer.from('ZKSN0000000000000000'))).toThrow('not a transaction log')
  expect(() => readBytes(Buffer.from('5a4b4c47000000030000000000000000', 'hex'))).toThrow('version 3')
  expect(readBytes(Buffer.alloc(0))).toEqual([])
  expect(readBytes(Buffer.alloc(64))).toEqual([])
})

test('creates of 3.3 have no cversion, and closes of 3.5 no paths', () => {
  const header = encodeLogEntry(ENTRIES[0] as LogEntry).subarray(0, 28)
  const create = Buffer.concat([
    header,
    Buffer.from('00000001' + '000000022f61' + 'ffffffff' + '00000000' + '01', 'hex'),
  ])
  expect(decodeLogEntry(create).txn).toMatchObject({ kind: 'create', owner: 'session', parentCversion: -1 })
  const close = Buffer.concat([header, Buffer.from('fffffff5', 'hex')])
  expect(decodeLogEntry(close).txn).toEqual({ kind: 'closeSession', paths: null })
})
