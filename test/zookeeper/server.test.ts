import { expect, test } from 'vitest'
import {
  type Op,
  PERMISSIONS,
  READ_ACL_UNSAFE,
  type Stat,
  type ZooKeeperClient,
  ZooKeeperMultiError,
} from '../../src/zookeeper/index.ts'
import { readLogFile } from '../../src/zookeeper/txn-log.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { DATA_DIR, dumpTree, failure, openClient, openServer, recordingLogger } from './support.ts'

test('a new service has the tree that ZooKeeper starts with', async () => {
  const { server, client } = await openClient()
  const nodes = await dumpTree(client)
  expect(nodes.map(({ path, cversion, aversion, acl }) => [path, cversion, aversion, acl])).toEqual([
    ['/', -1, 0, [[31, 'world', 'anyone']]],
    ['/zookeeper', -2, 0, [[31, 'world', 'anyone']]],
    ['/zookeeper/config', 0, -1, [[1, 'world', 'anyone']]],
    ['/zookeeper/quota', 0, 0, [[31, 'world', 'anyone']]],
  ])
  await server.close()
})

test('the Stat of a node through its life', async () => {
  const clock = new ManualClock()
  const { client } = await openClient(undefined, { clock })
  const made = await client.create('/a', Buffer.from('one'))
  const t0 = clock.nowMs()
  // Zxid 1 was the session.
  const expected: Stat = {
    czxid: 2,
    mzxid: 2,
    ctime: t0,
    mtime: t0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    dataLength: 3,
    numChildren: 0,
    pzxid: 2,
  }
  expect(made).toEqual({ path: '/a', stat: expected })
  await clock.advance(5)
  expect(await client.setData('/a', null)).toEqual({
    ...expected,
    mzxid: 3,
    mtime: t0 + 5,
    version: 1,
    dataLength: 0,
  })
  await client.create('/a/b', null)
  await client.create('/a/c', null)
  await client.delete('/a/b')
  expect(await client.exists('/a')).toMatchObject({
    cversion: 3,
    numChildren: 1,
    pzxid: 6,
    version: 1,
    mzxid: 3,
  })
  expect(await client.setAcl('/a', READ_ACL_UNSAFE)).toMatchObject({ aversion: 1, version: 1, pzxid: 6 })
  expect((await client.getAcl('/a')).acl).toEqual(READ_ACL_UNSAFE)
  expect((await client.getData('/a')).data).toBeNull()
  expect((await client.getChildren('/a')).children).toEqual(['c'])
})

test('what is refused, and as what', async () => {
  const { client } = await openClient()
  await client.create('/a', null)
  await client.create('/a/b', null)
  await client.create('/eph', null, { mode: 'ephemeral' })
  expect(await failure(client.create('/x/y', null))).toBe('NONODE /x/y')
  expect(await failure(client.create('/a', null))).toBe('NODEEXISTS /a')
  expect(await failure(client.create('/eph/below', null))).toBe('NOCHILDRENFOREPHEMERALS /eph/below')
  expect(await failure(client.delete('/a'))).toBe('NOTEMPTY /a')
  expect(await failure(client.delete('/none'))).toBe('NONODE /none')
  expect(await failure(client.delete('/a/b', 1))).toBe('BADVERSION /a/b')
  expect(await failure(client.setData('/a', null, 5))).toBe('BADVERSION /a')
  expect(await failure(client.setData('/none', null))).toBe('NONODE /none')
  expect(await failure(client.setAcl('/a', READ_ACL_UNSAFE, 5))).toBe('BADVERSION /a')
  expect(await failure(client.setAcl('/a', []))).toBe('INVALIDACL /a')
  expect(
    await failure(client.create('/i', null, { acl: [{ perms: 31, id: { scheme: 'nope', id: 'x' } }] })),
  ).toBe('INVALIDACL /i')
  expect(
    await failure(
      client.create('/i', null, { acl: [{ perms: 2 ** 40, id: { scheme: 'world', id: 'anyone' } }] }),
    ),
  ).toBe('INVALIDACL /i')
  expect(await failure(client.getData('/none'))).toBe('NONODE /none')
  expect(await failure(client.getChildren('/none'))).toBe('NONODE /none')
  expect(await failure(client.getAcl('/none'))).toBe('NONODE /none')
  expect(await failure(client.create('bad', null))).toBe('BADARGUMENTS bad')
  expect(await failure(client.create('/bad/', null))).toBe('BADARGUMENTS /bad/')
  for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
    expect(await failure(client.delete(path))).toBe(`BADARGUMENTS ${path}`)
  }
  expect(await failure(client.create('/big', Buffer.alloc(2 ** 20)))).toBe('BADARGUMENTS /big')
  expect(await failure(client.removeWatches('/a', 'any'))).toBe('NOWATCHER /a')
  expect(await client.exists('/none')).toBeNull()
  expect((await client.getChildren('/')).children.sort()).toEqual(['a', 'eph', 'zookeeper'])
})

test('the largest data that is allowed survives a restart', async () => {
  const fs = new MemoryFileSystem()
  const { server, client } = await openClient(fs)
  const data = Buffer.alloc(1_048_000, 'z')
  await client.create('/big', data)
  await server.close()
  const again = await openClient(fs.restarted())
  expect((await again.client.getData('/big')).data?.equals(data)).toBe(true)
})

test('data that was given can be changed afterwards', async () => {
  const { client } = await openClient()
  const data = Buffer.from('before')
  const made = client.create('/a', data)
  data.fill('x')
  await made
  expect((await client.getData('/a')).data?.toString()).toBe('before')
})

test('sequential names count the children ever created', async () => {
  const { client } = await openClient()
  await client.create('/q', null)
  const names: string[] = []
  const add = async (prefix: string, mode: 'persistent-sequential' | 'ephemeral-sequential') => {
    names.push((await client.create(prefix, null, { mode })).path)
  }
  await add('/q/n-', 'persistent-sequential')
  await client.create('/q/other', null)
  await add('/q/n-', 'ephemeral-sequential')
  await client.delete('/q/other')
  await add('/q/', 'persistent-sequential')
  await add('/q/n-', 'persistent-sequential')
  expect(names).toEqual(['/q/n-0000000000', '/q/n-0000000002', '/q/0000000003', '/q/n-0000000004'])
})

test('a multi is all or nothing, in one transaction', async () => {
  const { server, client } = await openClient()
  await client.create('/a', Buffer.from('0'))
  const before = server.lastZxid
  const ops: Op[] = [
    { type: 'check', path: '/a', version: 0 },
    { type: 'create', path: '/a/b', data: Buffer.from('1') },
    { type: 'setData', path: '/a/b', data: Buffer.from('22'), version: 0 },
    { type: 'create', path: '/a/s-', data: null, mode: 'ephemeral-sequential' },
    { type: 'delete', path: '/a/b', version: 1 },
    { type: 'setData', path: '/a', data: Buffer.from('3') },
  ]
  const results = await client.multi(ops)
  expect(server.lastZxid).toBe(before + 1)
  expect(results.map((result) => result.type)).toEqual([
    'check',
    'create',
    'setData',
    'create',
    'delete',
    'setData',
  ])
  expect(results[2]).toMatchObject({ stat: { version: 1, dataLength: 2, czxid: before + 1 } })
  expect(results[3]).toMatchObject({ path: '/a/s-0000000001', stat: { ephemeralOwner: client.sessionId } })
  expect((await client.getChildren('/a')).children).toEqual(['s-0000000001'])

  const tree = await dumpTree(client)
  const error = await client
    .multi([...ops, { type: 'check', path: '/a', version: 1 }])
    .catch((thrown) => thrown)
  expect(error).toBeInstanceOf(ZooKeeperMultiError)
  expect(error).toMatchObject({ zkCode: 'BADVERSION', path: '/a', failedIndex: 0 })
  const later = await client
    .multi([...ops.slice(1), { type: 'delete', path: '/no' }, ...ops])
    .catch((thrown) => thrown)
  expect(later).toMatchObject({ zkCode: 'NONODE', path: '/no', failedIndex: 5 })
  expect(later.results.map((result: { code: string }) => result.code)).toEqual([
    ...Array(5).fill('OK'),
    'NONODE',
    ...Array(6).fill('RUNTIMEINCONSISTENCY'),
  ])
  expect(await dumpTree(client)).toEqual(tree)
  expect(await client.multi([])).toEqual([])
})

test('requests of one turn need no await, and are answered in order', async () => {
  const { client } = await openClient()
  const order: string[] = []
  const note = (name: string) => (value: unknown) => {
    order.push(value instanceof Error ? `${name} failed` : name)
  }
  const pending = [
    client.create('/a', Buffer.from('1')),
    client.create('/a/b', null),
    client.create('/a', null),
    client.getChildren('/a'),
    client.setData('/a', Buffer.from('2'), 0),
    client.getData('/a'),
    client.delete('/a/b'),
    client.multi([{ type: 'delete', path: '/a', version: 1 }]),
    client.exists('/a'),
    client.sync('/'),
  ]
  pending.forEach((promise, index) => {
    const name = String(index)
    promise.then(note(name), note(name))
  })
  const results = await Promise.allSettled(pending)
  expect(order).toEqual(['0', '1', '2 failed', '3', '4', '5', '6', '7', '8', '9'])
  expect(results[3]).toMatchObject({ value: { children: ['b'] } })
  expect(results[5]).toMatchObject({ value: { data: Buffer.from('2') } })
  expect(results[8]).toMatchObject({ value: null })
})

test('one sync covers all writes of a turn', async () => {
  const fs = new MemoryFileSystem()
  const { client } = await openClient(fs)
  await client.create('/warm', null)
  const before = fs.changes.length
  await Promise.all(Array.from({ length: 200 }, (_, i) => client.create(`/n${i}`, null)))
  // One write, one sync.
  expect(fs.changes.length - before).toBe(2)
})

test('ephemeral nodes go with their session, in one transaction, however it ends', async () => {
  const { server, client } = await openClient()
  const owner = await server.connect({ timeoutMs: 10_000 })
  await client.create('/p', null)
  await owner.create('/p/1', null, { mode: 'ephemeral' })
  // These two are on their way when the session ends.
  const late = owner.create('/p/2', null, { mode: 'ephemeral' })
  const gone = owner.delete('/p/1')
  const before = server.lastZxid
  await Promise.all([late, gone, owner.close()])
  expect(server.lastZxid).toBe(before + 3)
  expect((await client.getChildren('/p')).children).toEqual([])
  expect(await failure(owner.create('/p/3', null))).toBe('SESSIONEXPIRED /p/3')
  expect(await failure(owner.getData('/p'))).toBe('SESSIONEXPIRED /p')
  await owner.close()
  expect(server.sessionCount).toBe(1)

  const expired = await server.connect({ timeoutMs: 10_000 })
  const heard: string[] = []
  expired.onSessionEvent((state) => heard.push(state))
  await expired.create('/p/4', null, { mode: 'ephemeral' })
  const ending = server.expireSession(expired.sessionId)
  expect(await failure(expired.setData('/p', null))).toBe('SESSIONEXPIRED /p')
  await ending
  expect(heard).toEqual(['expired'])
  expect((await client.getChildren('/p')).children).toEqual([])
})

test('sessions of a former process expire when nobody takes them up', async () => {
  const fs = new MemoryFileSystem()
  const first = await openClient(fs)
  await first.client.create('/eph', null, { mode: 'ephemeral' })
  await first.client.create('/stays', null)
  // No close: the process died.
  const clock = new ManualClock()
  const { server, client } = await openClient(fs.restarted(), { clock })
  expect(await client.exists('/eph')).toMatchObject({ ephemeralOwner: first.client.sessionId })
  await clock.advance(16_000)
  await client.sync('/')
  expect(await client.exists('/eph')).not.toBeNull()
  await clock.advance(4_000)
  await client.sync('/')
  expect(await client.exists('/eph')).toBeNull()
  expect(await client.exists('/stays')).not.toBeNull()
  await clock.advance(1_000_000)
  await client.sync('/')
  expect(server.sessionCount).toBe(1)
})

test('after close and after an unclean end the tree is as it was, but for sessions that were ended', async () => {
  const fs = new MemoryFileSystem()
  const { server, client } = await openClient(fs)
  await client.create('/a', Buffer.from('x'))
  await client.create('/a/e', null, { mode: 'ephemeral' })
  await client.create('/acl', null, {
    acl: [{ perms: PERMISSIONS.read, id: { scheme: 'ip', id: '10.0.0.1' } }],
  })
  const tree = await dumpTree(client)
  const killed = fs.restarted()
  await server.close()
  expect(await failure(client.getData('/a'))).toBe('CONNECTIONLOSS /a')
  expect(await failure(client.setData('/a', null))).toBe('CONNECTIONLOSS /a')
  for (const files of [fs, killed]) {
    const again = await openClient(files.restarted())
    expect(await dumpTree(again.client)).toEqual(tree)
    const cleaned = await openClient(files.restarted(), { expireSessionsOnOpen: true })
    expect(await cleaned.client.exists('/a/e')).toBeNull()
    expect(await cleaned.client.exists('/a')).not.toBeNull()
  }
})

test('snapshots are taken, old files go, and every later opening sees the same', async () => {
  const fs = new MemoryFileSystem()
  const logger = recordingLogger()
  const { server, client } = await openClient(fs, { snapshotEveryTxns: 50, logger })
  for (let i = 0; i < 400; i++) {
    await client.create(`/n${i}`, Buffer.from(String(i)))
    if (i % 3 === 0) await client.delete(`/n${i}`)
    // Snapshots are written beside the work, in turns of their own.
    await new Promise(setImmediate)
  }
  const tree = await dumpTree(client)
  const killed = fs.restarted()
  await server.close()
  const names = fs.names().map((path) => path.slice(DATA_DIR.length + '/version-2/'.length))
  expect(names.filter((name) => name.startsWith('snapshot.'))).toHaveLength(3)
  expect(names.filter((name) => name.startsWith('log.')).length).toBeLessThanOrEqual(4)
  expect(names).not.toContain('snapshot.0')
  for (const files of [fs, killed]) {
    const again = await openClient(files.restarted(), { logger })
    expect(await dumpTree(again.client)).toEqual(tree)
  }
  expect(logger.lines).toEqual([])
})

test('all snapshots stay when nothing is to be purged', async () => {
  const fs = new MemoryFileSystem()
  const { server, client } = await openClient(fs, {
    snapshotEveryTxns: 20,
    snapshotsKept: Number.POSITIVE_INFINITY,
  })
  for (let i = 0; i < 200; i++) {
    await client.create(`/n${i}`, null)
    await new Promise(setImmediate)
  }
  await server.close()
  expect(fs.names().filter((name) => name.includes('/snapshot.')).length).toBeGreaterThan(5)
  expect(fs.names()).toContain(`${DATA_DIR}/version-2/snapshot.0`)
})

test('logs in a directory of their own', async () => {
  const fs = new MemoryFileSystem()
  const dirs = { dataLogDir: '/zk-log' }
  const { server, client } = await openClient(fs, { ...dirs, snapshotEveryTxns: 20 })
  for (let i = 0; i < 100; i++) {
    await client.create(`/n${i}`, null)
    await new Promise(setImmediate)
  }
  const tree = await dumpTree(client)
  await server.close()
  const namesIn = (dir: string) => fs.names().filter((name) => name.startsWith(`${dir}/`))
  expect(namesIn('/zk-log').every((name) => name.includes('/log.'))).toBe(true)
  expect(namesIn(DATA_DIR).every((name) => name.includes('/snapshot.'))).toBe(true)
  const again = await openClient(fs.restarted(), dirs)
  expect(await dumpTree(again.client)).toEqual(tree)
  const elsewhere = openServer(fs.restarted(), { dataLogDir: '/other', dataDir: '/zk-log' })
  await expect(elsewhere).rejects.toThrow('there are transaction logs in /zk-log/version-2')
})

test('many small logs are gathered into a snapshot', async () => {
  let fs = new MemoryFileSystem()
  for (let i = 0; i < 40; i++) {
    const { server, client } = await openClient(fs, { expireSessionsOnOpen: true })
    await client.create(`/n${i}`, null, { mode: 'persistent' })
    await server.close()
    fs = fs.restarted()
  }
  const { client } = await openClient(fs)
  expect((await client.getChildren('/')).children).toHaveLength(41)
  expect(fs.names().filter((name) => name.includes('/snapshot.')).length).toBe(3)
})

test('a missing log, and one that is damaged, keep the service from opening', async () => {
  const fs = new MemoryFileSystem()
  for (let i = 0; i < 3; i++) {
    const { server } = await openClient(fs)
    await server.close()
  }
  const [first, second] = fs.names().filter((name) => name.includes('/log.'))
  const missing = fs.restarted()
  missing.unlinkSync(second as string)
  await expect(openServer(missing)).rejects.toThrow('are missing')
  const damaged = fs.restarted()
  const bytes = damaged.readFileSync(first as string)
  bytes[40] = (bytes[40] ?? 0) ^ 1
  damaged.put(first as string, bytes)
  await expect(openServer(damaged)).rejects.toMatchObject({ code: 'KCLI_ZOOKEEPER_DATA' })
  const noSnapshot = fs.restarted()
  noSnapshot.unlinkSync(`${DATA_DIR}/version-2/snapshot.0`)
  await expect(openServer(noSnapshot)).rejects.toThrow('no snapshot')
})

test('an empty last log, left by a crash right after it was made, is no obstacle', async () => {
  const fs = new MemoryFileSystem()
  const { server, client } = await openClient(fs)
  await client.create('/a', null)
  await server.close()
  fs.put(`${DATA_DIR}/version-2/log.3`, Buffer.alloc(0))
  const again = await openClient(fs)
  await again.client.create('/b', null)
  await again.server.close()
  const last = await openClient(fs.restarted())
  expect((await last.client.getChildren('/')).children.sort()).toEqual(['a', 'b', 'zookeeper'])
})

test('when the log cannot be written, nothing is acknowledged any more and everybody hears of it', async () => {
  const fs = new MemoryFileSystem()
  const failures: unknown[] = []
  const { server, client } = await openClient(fs, { onFailure: (error) => failures.push(error) })
  await client.create('/a', null)
  const heard: string[] = []
  client.onSessionEvent((state) => heard.push(state))
  fs.failFrom = fs.changes.length
  const lost = [client.create('/b', null), client.setData('/a', null), client.getData('/a')]
  for (const promise of lost) expect(await failure(promise)).toMatch(/^CONNECTIONLOSS/)
  expect(failures).toHaveLength(1)
  expect(heard).toEqual(['disconnected'])
  expect(await failure(client.create('/c', null))).toBe('CONNECTIONLOSS /c')
  await expect(server.connect({ timeoutMs: 5000 })).rejects.toMatchObject({ zkCode: 'CONNECTIONLOSS' })
  await server.close()
})

test('a session asks for a timeout and gets one within bounds', async () => {
  const fs = new MemoryFileSystem()
  const { server } = await openClient(fs)
  await server.connect({ timeoutMs: 1 })
  await server.connect({ timeoutMs: 1e9 })
  await server.close()
  const timeouts = [...readLogFile(fs, `${DATA_DIR}/version-2/log.1`)].map(({ txn }) => txn)
  expect(timeouts).toEqual([18_000, 4000, 40_000].map((timeoutMs) => ({ kind: 'createSession', timeoutMs })))
})

test('clients are independent of each other', async () => {
  const { server, client } = await openClient()
  const others: ZooKeeperClient[] = []
  for (let i = 0; i < 5; i++) others.push(await server.connect({ timeoutMs: 5000 }))
  expect(new Set([client, ...others].map((each) => each.sessionId)).size).toBe(6)
  await Promise.all(
    others.map((each, i) => each.create('/race', Buffer.from(String(i))).catch(() => undefined)),
  )
  expect((await client.getData('/race')).data?.toString()).toBe('0')
})
