import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import type { Channel } from '../../src/base/network.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { seededRandom } from '../../src/base/random.ts'
import { ZOOKEEPER_ERROR_CODES } from '../../src/zookeeper/errors.ts'
import {
  connectZooKeeper,
  type Op,
  PERMISSIONS,
  parseConnectString,
  type SessionState,
  ZooKeeperMultiError,
  type ZooKeeperServer,
} from '../../src/zookeeper/index.ts'
import { JuteReader, JuteWriter } from '../../src/zookeeper/jute.ts'
import { digestOf } from '../../src/zookeeper/net/authentication.ts'
import { FrameSplitter } from '../../src/zookeeper/net/frame-splitter.ts'
import {
  MULTI_END,
  REQUEST_TYPES,
  readConnectResponse,
  writeMultiHeader,
} from '../../src/zookeeper/net/wire.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { testRandom } from '../support/seed.ts'
import { failure, openPort, openServer } from './support.ts'

async function open(
  options: Parameters<typeof openServer>[1] = {},
  port: Parameters<typeof openPort>[2] = {},
) {
  const clock = new ManualClock()
  const server = await openServer(new MemoryFileSystem(), { clock, ...options })
  return { clock, server, ...(await openPort(server, clock, port)) }
}

describe('a client over a connection', () => {
  test('sees its own writes in order, and gets the answers in order', async () => {
    const { connect, server } = await open()
    const client = await connect()
    const answers: string[] = []
    const note = (name: string) => () => answers.push(name)
    await Promise.all([
      client.create('/a', Buffer.from('1')).then(note('create')),
      client.getData('/a').then(({ data }) => answers.push(`data ${data}`)),
      client.setData('/a', Buffer.from('2'), 5).then(note('set'), note('refused')),
      client.setData('/a', null).then(note('set')),
      client.getData('/a').then(({ data }) => answers.push(`data ${data}`)),
      client.delete('/a').then(note('delete')),
      client.exists('/a').then((stat) => answers.push(`exists ${stat}`)),
    ])
    expect(answers).toEqual(['create', 'data 1', 'refused', 'set', 'data null', 'delete', 'exists null'])
    await client.close()
    await server.close()
  })

  test('the result of a multi, done and refused', async () => {
    const { connect } = await open()
    const client = await connect()
    const good: Op[] = [
      { type: 'create', path: '/a', data: null },
      { type: 'create', path: '/c', data: null, mode: 'container' },
      { type: 'setData', path: '/a', data: Buffer.from('x') },
      { type: 'check', path: '/a', version: 1 },
      { type: 'delete', path: '/a' },
    ]
    const results = await client.multi(good)
    expect(results.map(({ type }) => type)).toEqual(['create', 'create', 'setData', 'check', 'delete'])
    expect(results[1]).toMatchObject({ path: '/c', stat: { numChildren: 0 } })
    const bad: Op[] = [
      { type: 'create', path: '/x', data: null },
      { type: 'delete', path: '/nothing' },
      { type: 'create', path: '/y', data: null },
    ]
    const error = await client.multi(bad).catch((each: unknown) => each)
    expect(error).toBeInstanceOf(ZooKeeperMultiError)
    expect(error).toMatchObject({
      zkCode: 'NONODE',
      path: '/nothing',
      failedIndex: 1,
      results: [{ code: 'OK' }, { code: 'NONODE' }, { code: 'RUNTIMEINCONSISTENCY' }],
    })
    expect(await client.exists('/x')).toBeNull()
  })

  test('a chroot stands before every path, and nobody sees it', async () => {
    const { connect } = await open()
    const outside = await connect()
    await outside.create('/kafka', null)
    const client = await connect({ chroot: '/kafka' })
    const heard: string[] = []
    await client.addWatch('/', 'persistent-recursive', ({ type, path }) => heard.push(`${type} ${path}`))
    expect((await client.create('/a-', null, { mode: 'ephemeral-sequential' })).path).toBe('/a-0000000000')
    await client.multi([{ type: 'create', path: '/b', data: null }])
    expect((await client.getChildren('/')).children.sort()).toEqual(['a-0000000000', 'b'])
    expect(await client.getEphemerals()).toEqual(['/a-0000000000'])
    expect(heard).toEqual(['NodeCreated /a-0000000000', 'NodeCreated /b'])
    expect((await outside.getChildren('/')).children).not.toContain('b')
    expect(await outside.getAllChildrenNumber('/kafka')).toBe(2)
  })

  test('who has not proved who it is may not read, write or see the digests', async () => {
    const { connect } = await open()
    const owner = await connect({ auth: [{ scheme: 'digest', auth: 'ann:secret' }] })
    expect(await owner.whoAmI()).toEqual([
      { scheme: 'ip', user: '127.0.0.1' },
      { scheme: 'digest', user: 'ann' },
    ])
    const acl = [
      { perms: PERMISSIONS.all, id: { scheme: 'auth', id: '' } },
      { perms: PERMISSIONS.read, id: { scheme: 'digest', id: digestOf('bob:pw') } },
    ]
    await owner.create('/secret', Buffer.from('x'), { acl })
    const stranger = await connect()
    expect(await failure(stranger.getData('/secret'))).toBe('NOAUTH /secret')
    expect(await failure(stranger.exists('/secret'))).toBe('NOAUTH /secret')
    const heard: string[] = []
    await stranger.addWatch('/', 'persistent-recursive', ({ type, path }) => heard.push(`${type} ${path}`))
    await owner.setData('/secret', Buffer.from('x'))
    await owner.create('/public', null)
    await stranger.sync('/')
    expect(heard).toEqual(['NodeCreated /public'])
    expect(await failure(stranger.setData('/secret', null))).toBe('NOAUTH /secret')
    expect(await failure(stranger.getAcl('/secret'))).toBe('NOAUTH /secret')
    expect(await failure(stranger.create('/x', null, { acl: [acl[0] as (typeof acl)[0]] }))).toBe(
      'INVALIDACL /x',
    )
    stranger.addAuth('digest', 'bob:pw')
    expect((await stranger.getData('/secret')).data?.toString()).toBe('x')
    expect((await stranger.getAcl('/secret')).acl.map(({ id }) => id.id)).toEqual(['ann:x', 'bob:x'])
    expect((await owner.getAcl('/secret')).acl.map(({ id }) => id.id)).toEqual([
      digestOf('ann:secret'),
      digestOf('bob:pw'),
    ])
  })

  test('the address counts, also as part of a range', async () => {
    const { connect } = await open()
    const client = await connect()
    const node = (path: string, range: string) =>
      client.create(path, null, { acl: [{ perms: PERMISSIONS.all, id: { scheme: 'ip', id: range } }] })
    await node('/here', '127.0.0.0/8')
    await node('/elsewhere', '10.0.0.0/8')
    expect((await client.getData('/here')).data).toBeNull()
    expect(await failure(client.getData('/elsewhere'))).toBe('NOAUTH /elsewhere')
    expect(await failure(node('/nonsense', '127.0.0.0/99'))).toBe('INVALIDACL /nonsense')
  })

  test('the super user may do everything', async () => {
    const { connect } = await open({}, { superDigest: digestOf('super:pw') })
    const owner = await connect()
    await owner.create('/a', null, { acl: [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }] })
    expect(await failure(owner.delete('/zookeeper'))).toBe('BADARGUMENTS /zookeeper')
    expect(await failure(owner.setData('/a', null))).toBe('NOAUTH /a')
    const root = await connect({ auth: [{ scheme: 'digest', auth: 'super:pw' }] })
    expect((await root.setData('/a', null)).version).toBe(1)
  })

  test('a scheme that is not known ends the session', async () => {
    const { connect } = await open()
    const client = await connect()
    const states: SessionState[] = []
    client.onSessionEvent((state) => states.push(state))
    client.addAuth('kerberos', 'x')
    expect(await failure(client.exists('/a'))).toMatch(/AUTHFAILED|CONNECTIONLOSS/)
    expect(states).toEqual(['auth-failed'])
    expect(await failure(client.exists('/a'))).toBe('AUTHFAILED /a')
  })
})

describe('a session', () => {
  test('goes on over a new connection, with what it watches', async () => {
    const { connect, server, clock } = await open()
    const client = await connect()
    const other = await server.connect({ timeoutMs: 5000 })
    await client.create('/mine', null, { mode: 'ephemeral' })
    await other.create('/a', null)
    await other.create('/b', null)
    const heard: string[] = []
    const states: SessionState[] = []
    client.onSessionEvent((state) => states.push(state))
    const watcher = ({ type, path }: { type: string; path: string }) => heard.push(`${type} ${path}`)
    await client.getData('/a', watcher)
    await client.getData('/b', watcher)
    await client.exists('/new', watcher)
    await client.getChildren('/a', watcher)
    const { sessionId } = client
    cutConnections(server)
    expect(await failure(client.getData('/a'))).toMatch('CONNECTIONLOSS')
    await other.setData('/a', null)
    await other.create('/new', null)
    await clock.advance(1000)
    await client.sync('/')
    expect(states).toEqual(['disconnected', 'connected'])
    expect(client.sessionId).toBe(sessionId)
    expect(heard.sort()).toEqual(['NodeCreated /new', 'NodeDataChanged /a'])
    await other.delete('/b')
    await client.sync('/')
    expect(heard).toContain('NodeDeleted /b')
    expect(await client.exists('/mine')).toMatchObject({ ephemeralOwner: sessionId })
  })

  test('expires when its client is silent, and its nodes go', async () => {
    const { connect, server, clock } = await open()
    const client = await connect({ sessionTimeoutMs: 4000 })
    const states: SessionState[] = []
    client.onSessionEvent((state) => states.push(state))
    await client.create('/mine', null, { mode: 'ephemeral' })
    // Pings keep it alive.
    for (let i = 0; i < 20; i++) await clock.advance(1000)
    expect(server.sessionCount).toBe(1)
    await server.expireSession(client.sessionId)
    await clock.advance(1500)
    expect(states).toEqual(['disconnected', 'expired'])
    expect(await failure(client.exists('/mine'))).toBe('SESSIONEXPIRED /mine')
    const other = await server.connect({ timeoutMs: 5000 })
    expect(await other.exists('/mine')).toBeNull()
  })

  test('is not given to who has another password, nor one of this process', async () => {
    const { connect, server, network, address } = await open()
    const client = await connect()
    const local = await server.connect({ timeoutMs: 5000 })
    const hello = async (sessionId: bigint, password: Buffer) => {
      const writer = new JuteWriter()
      writer.writeInt(45)
      writer.writeInt(0)
      writer.writeLong(0)
      writer.writeInt(5000)
      writer.writeBigLong(sessionId)
      writer.writeBuffer(password)
      writer.writeBoolean(false)
      const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
      raw.channel.write([writer.finish()])
      return readConnectResponse(new JuteReader(await raw.frame()))
    }
    expect(await hello(client.sessionId, Buffer.alloc(16))).toMatchObject({ timeoutMs: 0, sessionId: 0n })
    const { sessionPassword } = await import('../../src/zookeeper/sessions.ts')
    expect(await hello(local.sessionId, sessionPassword(local.sessionId))).toMatchObject({ timeoutMs: 0 })
    expect(await hello(client.sessionId, sessionPassword(client.sessionId))).toMatchObject({
      timeoutMs: 5000,
      sessionId: client.sessionId,
    })
  })

  test('outlives a restart of the server', async () => {
    const fs = new MemoryFileSystem()
    const clock = new ManualClock()
    const first = await openServer(fs, { clock })
    const { network, address, connect } = await openPort(first, clock)
    const client = await connect()
    await client.create('/mine', null, { mode: 'ephemeral' })
    await first.close()
    const second = await openServer(fs, { clock })
    await second.listen({ network, address })
    await clock.advance(2000)
    expect(await client.exists('/mine')).toMatchObject({ ephemeralOwner: client.sessionId })
  })

  test('cannot be had when nobody answers', async () => {
    const clock = new ManualClock()
    const network = createNodeNetwork(clock)
    const waiting = failure(
      connectZooKeeper({
        network,
        clock,
        random: seededRandom(1),
        logger: silentLogger,
        servers: [{ kind: 'pipe', name: 'nobody' }],
        sessionTimeoutMs: 6000,
        connectTimeoutMs: 3000,
      }),
    )
    await clock.advance(3500)
    expect(await waiting).toBe('CONNECTIONLOSS undefined')
  })
})

describe('nodes that go by themselves', () => {
  test('containers after their last child, TTL nodes after their time', async () => {
    const { connect, clock } = await open({ extendedTypesEnabled: true })
    const client = await connect({ sessionTimeoutMs: 40_000 })
    await client.create('/new', null, { mode: 'container' })
    await client.create('/used', null, { mode: 'container' })
    await client.create('/used/child', null)
    await client.create('/short', null, { mode: 'persistent-ttl', ttlMs: 30_000 })
    await client.create('/long', null, { mode: 'persistent-sequential-ttl', ttlMs: 300_000 })
    const passMinutes = async (minutes: number) => {
      for (let i = 0; i < minutes * 6; i++) await clock.advance(10_000)
      return (await client.getChildren('/')).children.filter((name) => name !== 'zookeeper').sort()
    }
    expect(await passMinutes(1)).toEqual(['long0000000003', 'new', 'used'])
    await client.delete('/used/child')
    expect(await passMinutes(1)).toEqual(['long0000000003', 'new'])
    expect(await passMinutes(5)).toEqual(['new'])
  })

  test('TTL nodes are refused where they are not wanted', async () => {
    const { connect } = await open()
    const client = await connect()
    expect(await failure(client.create('/a', null, { mode: 'persistent-ttl', ttlMs: 5 }))).toBe(
      'UNIMPLEMENTED /a',
    )
  })
})

test('what is used of a quota is counted, also after a restart', async () => {
  const fs = new MemoryFileSystem()
  const clock = new ManualClock()
  const server = await openServer(fs, { clock })
  const client = await server.connect({ timeoutMs: 5000 })
  const stats = async (from: typeof client) =>
    String((await from.getData('/zookeeper/quota/a/zookeeper_stats')).data)
  await client.create('/a', Buffer.from('xy'))
  await client.create('/zookeeper/quota/a', null)
  await client.create('/zookeeper/quota/a/zookeeper_limits', Buffer.from('count=5,bytes=-1'))
  await client.create('/zookeeper/quota/a/zookeeper_stats', Buffer.from('count=0,bytes=0'))
  expect(await stats(client)).toBe('count=1,bytes=2')
  await client.create('/a/b', Buffer.from('123'))
  await client.setData('/a/b', Buffer.from('1'))
  await client.create('/ab', Buffer.from('is not below it'))
  expect(await stats(client)).toBe('count=2,bytes=3')
  await server.close()
  const again = await (await openServer(fs, { clock })).connect({ timeoutMs: 5000 })
  expect(await stats(again)).toBe('count=2,bytes=3')
  await again.delete('/a/b')
  expect(await stats(again)).toBe('count=1,bytes=2')
})

test('hard limits of quotas are kept to when they are enforced', async () => {
  const limited = async (options: { enforceQuota: boolean }) => {
    const client = await (await openServer(undefined, options)).connect({ timeoutMs: 5000 })
    await client.create('/a', null)
    await client.create('/zookeeper/quota/a', null)
    const limits = 'count=1,bytes=1=;byteHardLimit=10;countHardLimit=2'
    await client.create('/zookeeper/quota/a/zookeeper_limits', Buffer.from(limits))
    await client.create('/zookeeper/quota/a/zookeeper_stats', Buffer.from('count=1,bytes=0'))
    return [
      await failure(client.create('/a/b', Buffer.from('12345'))),
      await failure(client.create('/a/c', null)),
      await failure(client.setData('/a', Buffer.from('123456'))),
      await failure(client.setData('/a', Buffer.from('12345'))),
      await failure(client.create('/elsewhere', Buffer.alloc(100))),
    ]
  }
  const done = 'no failure'
  expect(await limited({ enforceQuota: false })).toEqual([done, done, done, done, done])
  const refused = 'QUOTAEXCEEDED /a'
  expect(await limited({ enforceQuota: true })).toEqual([done, refused, refused, done, done])
})

describe('what is no client of ZooKeeper', () => {
  test.each([
    [
      'srvr',
      /^Zookeeper version: 3\.8\.4.*\nLatency min\/avg\/max: 0\/0\.0\/0\nReceived: 0\nSent: 0\nConnections: 1\n/,
    ],
    ['ruok', /^imok$/],
    ['stat', /\nClients:\n \/pipe\[0\]\(queued=0,recved=0,sent=0\)\n\nLatency/],
    ['mntr', /zk_server_state\tstandalone\n/],
    ['isro', /^rw$/],
    ['conf', /tickTime=2000\n/],
    ['wchs', /^0 connections watching 0 paths\nTotal watches:0\n$/],
    ['dump', /SessionTracker dump:/],
    ['cons', / \/pipe\[0\]/],
    ['envi', /^Environment:\n/],
  ])('gets an answer to %s', async (word, expected) => {
    const { network, address } = await open({}, { fourLetterWords: ['*'] })
    const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
    raw.channel.write([Buffer.from(word)])
    expect((await raw.rest()).toString()).toMatch(expected)
  })

  test('hears that a word is not allowed', async () => {
    const { network, address } = await open()
    const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
    raw.channel.write([Buffer.from('wchc')])
    expect((await raw.rest()).toString()).toBe('wchc is not executed because it is not in the whitelist.\n')
  })

  test('random bytes end its connection at most, and nobody else hears of it', async () => {
    const { connect, network, address, clock } = await open()
    const { seed, random } = testRandom()
    const client = await connect()
    await client.create('/a', null)
    for (let round = 0; round < 200; round++) {
      const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
      if (random.int(2) === 0) raw.channel.write([validHello()])
      for (let i = 0; i < 5; i++) {
        const body = random.bytes(random.int(60))
        const types = [
          1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 100, 101, 103, 104, 105,
        ]
        const head = Buffer.alloc(12)
        head.writeInt32BE(random.int(8) === 0 ? random.int(2 ** 31) : body.length + 8, 0)
        head.writeInt32BE(i + 1, 4)
        head.writeInt32BE(types[random.int(types.length)] ?? 1, 8)
        raw.channel.write([head, body])
      }
      await clock.settle()
      raw.channel.destroy()
      expect(await failure(client.getData('/a')), `seed ${seed}`).toBe('no failure')
    }
  })
})

describe('a client that asks for more than it takes', () => {
  const LARGE = Buffer.alloc(1_000_000)
  const getData = Buffer.from('0000000f0000000100000004000000022f6100', 'hex')

  test('waits, and gets it all when it takes it', async () => {
    const { server, connect, network, address, clock } = await open()
    await (await connect()).create('/a', LARGE)
    const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
    raw.channel.pause()
    // All at once, and before the session is there.
    raw.channel.write([validHello(), Buffer.concat(Array.from({ length: 40 }, () => getData))])
    await clock.settle()
    const [port] = server.clientPorts
    const asked = [...(port?.connections ?? [])].at(-1)
    expect(asked?.counts.sent).toBeLessThan(6)
    raw.channel.resume()
    await raw.frame()
    for (let i = 0; i < 40; i++) expect((await raw.frame()).length).toBeGreaterThan(LARGE.length)
  })

  test('is refused a multiRead of gigabytes', async () => {
    const { connect, network, address } = await open()
    const client = await connect()
    await client.create('/a', LARGE)
    const raw = await RawClient.open(network.connect(address, { timeoutMs: 1000 }))
    const writer = new JuteWriter()
    writer.writeInt(0)
    writer.writeInt(1)
    writer.writeInt(REQUEST_TYPES.multiRead)
    for (let i = 0; i < 10_000; i++) {
      writeMultiHeader(writer, { type: REQUEST_TYPES.getData, isDone: false, err: -1 })
      writer.writeString('/a')
      writer.writeBoolean(false)
    }
    writeMultiHeader(writer, MULTI_END)
    const bytes = writer.finish()
    bytes.writeInt32BE(bytes.length - 4, 0)
    raw.channel.write([validHello(), bytes])
    await raw.frame()
    expect((await raw.frame()).readInt32BE(12)).toBe(ZOOKEEPER_ERROR_CODES.MARSHALLINGERROR)
    expect(await failure(client.getData('/a'))).toBe('no failure')
  })
})

test.each([
  ['h1', [['h1', 2181]], ''],
  [
    'h1:2182,h2',
    [
      ['h1', 2182],
      ['h2', 2181],
    ],
    '',
  ],
  [
    'h1:1,[::1]:2/kafka/a',
    [
      ['h1', 1],
      ['::1', 2],
    ],
    '/kafka/a',
  ],
  ['h1/', [['h1', 2181]], ''],
])('connect string %s', (text, servers, chroot) => {
  const parsed = parseConnectString(text)
  expect(parsed.chroot).toBe(chroot)
  expect(parsed.servers.map((each) => (each.kind === 'tcp' ? [each.host, each.port] : []))).toEqual(servers)
})

test.each(['', '/kafka', 'h1:99999', 'h1:x', 'h1/a//b'])('%o is no connect string', (text) => {
  expect(() => parseConnectString(text)).toThrow('names no ZooKeeper')
})

function cutConnections(server: ZooKeeperServer): void {
  for (const port of server.clientPorts)
    for (const connection of [...port.connections]) connection.disconnected()
}

function validHello(): Buffer {
  const writer = new JuteWriter()
  writer.writeInt(45)
  writer.writeInt(0)
  writer.writeLong(0)
  writer.writeInt(5000)
  writer.writeBigLong(0n)
  writer.writeBuffer(Buffer.alloc(16))
  writer.writeBoolean(false)
  return writer.finish()
}

class RawClient {
  readonly channel: Channel
  private readonly splitter = new FrameSplitter(2e6)
  private readonly chunks: Buffer[] = []
  private wake: () => void = () => undefined
  private isClosed = false

  static async open(channel: Promise<Channel>): Promise<RawClient> {
    return new RawClient(await channel)
  }

  private constructor(channel: Channel) {
    this.channel = channel
    channel.start({
      data: (chunk) => {
        this.splitter.push(chunk)
        this.chunks.push(chunk)
        this.wake()
      },
      close: () => {
        this.isClosed = true
        this.wake()
      },
    })
  }

  async frame(): Promise<Buffer> {
    for (;;) {
      const frame = this.splitter.next()
      if (frame !== undefined) return frame
      if (this.isClosed) throw new Error('closed')
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  async rest(): Promise<Buffer> {
    while (!this.isClosed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    return Buffer.concat(this.chunks)
  }
}
