/** What no client of ZooKeeper sends: ZooKeeper's server and ours answer it alike, and serve others all the same. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { killWithUs, stopChild } from './support/child.ts'
import { childEnv, freePorts, repositoryDir } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { createKcliHome, type KcliHome } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const SILENCE_MS = 3000
const PING_XID = -2
const UNIMPLEMENTED = -6
const MAX_FRAME_BYTES = 0xfffff

const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}
const long = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
const buffer = (value: string | Buffer) => {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([int(bytes.length), bytes])
}
const frame = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([int(body.length), body])
}
const request = (type: number, ...parts: Buffer[]) => frame(int(1), int(type), ...parts)
const hello = ({
  version = 0,
  zxid = 0n,
  timeoutMs = 10_000,
  session = 0n,
  password = buffer(Buffer.alloc(16)),
} = {}) => frame(int(version), long(zxid), int(timeoutMs), long(session), password, Buffer.from([0]))
const ping = frame(int(PING_XID), int(11))
const NULL = int(-1)
const OPEN_ACL = Buffer.concat([int(1), int(31), buffer('world'), buffer('anyone')])
const create = (name: Buffer, data: Buffer, acl: Buffer, flags: number) =>
  request(1, name, data, acl, int(flags))
const step = (type: number, ...parts: Buffer[]) =>
  Buffer.concat([int(type), Buffer.from([0]), int(-1), ...parts])
const END = Buffer.concat([int(-1), Buffer.from([1]), int(-1)])

const KNOWN_TYPES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 100, 101, 103, 104, 105, 106,
]

/** By name: what is sent after the handshake, before a ping. */
const REQUESTS: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries(KNOWN_TYPES.map((type) => [`type ${type} with an empty body`, request(type)])),
  ...Object.fromEntries(
    [0, 10, 23, 99, 1000, -1, -2, -10, -12].map((type) => [`type ${type}`, request(type)]),
  ),
  'a path of length -2': request(4, int(-2)),
  'a path that is null': request(4, NULL, Buffer.from([0])),
  'a path that is empty': request(4, buffer(''), Buffer.from([0])),
  'a path longer than the frame': request(4, int(100), Buffer.from('/a')),
  'a path of 2 GB': request(4, int(0x7fffffff)),
  'a path that is no UTF-8': request(3, buffer(Buffer.from([0x2f, 0xff, 0xfe])), Buffer.from([0])),
  'a path with a zero': request(3, buffer('/a\0b'), Buffer.from([0])),
  'no boolean behind the path': request(4, buffer('/')),
  'a boolean of 7': request(4, buffer('/'), Buffer.from([7])),
  'bytes behind the request': request(3, buffer('/none'), Buffer.from([0]), Buffer.alloc(100)),
  'a create without ACL': create(buffer('/x1'), NULL, int(0), 0),
  'a create with -1 entries in its ACL': create(buffer('/x2'), NULL, int(-1), 0),
  'a create with 2^31-1 entries in its ACL': create(buffer('/x3'), NULL, int(0x7fffffff), 0),
  'a create with data of length -5': create(buffer('/x4'), int(-5), OPEN_ACL, 0),
  'a create with an unknown flag': create(buffer('/x5'), NULL, OPEN_ACL, 99),
  'a create with a negative flag': create(buffer('/x6'), NULL, OPEN_ACL, -1),
  'a create with a null path': create(NULL, NULL, OPEN_ACL, 0),
  'a create with a null scheme': create(buffer('/x7'), NULL, Buffer.concat([int(1), int(31), NULL, NULL]), 0),
  'a create with permissions of 0': create(
    buffer('/x8'),
    NULL,
    Buffer.concat([int(1), int(0), buffer('world'), buffer('anyone')]),
    0,
  ),
  'a multi of nothing': request(14, END),
  'a multi without an end': request(14, step(2, buffer('/none'), int(-1))),
  'a multi with an unknown step': request(14, step(77, buffer('/none')), END),
  'a multi within a multi': request(14, step(14, END), END),
  'a multi that reads': request(14, step(4, buffer('/'), Buffer.from([0])), END),
  'a multi with a step cut short': request(14, step(1, int(50)), END),
  'a multiRead of nothing': request(22, END),
  'a multiRead that writes': request(22, step(2, buffer('/none'), int(-1)), END),
  'a multiRead without an end': request(22, step(4, buffer('/'), Buffer.from([0]))),
  'a check alone': request(13, buffer('/'), int(-1)),
  'a watch of an unknown mode': request(106, buffer('/'), int(7)),
  'a watch of mode -1': request(106, buffer('/'), int(-1)),
  'removing a watch of type 0': request(18, buffer('/'), int(0)),
  'removing a watch of type 9': request(18, buffer('/'), int(9)),
  'setWatches with 2^31-1 paths': request(101, long(0n), int(0x7fffffff)),
  'setWatches with -1 paths': request(101, long(0n), int(-1), int(-1), int(-1)),
  'setWatches with a null path': request(101, long(0n), int(1), NULL, int(0), int(0)),
  'an unknown scheme': frame(int(-4), int(100), int(0), buffer('nonsense'), buffer('x')),
  'digest without a colon': frame(int(-4), int(100), int(0), buffer('digest'), buffer('x')),
  'auth with a null scheme': frame(int(-4), int(100), int(0), NULL, NULL),
  'the xid of a ping on a read': frame(int(-2), int(3), buffer('/'), Buffer.from([0])),
  'the xid of events': frame(int(-1), int(3), buffer('/'), Buffer.from([0])),
  'getEphemerals with a null prefix': request(103, NULL),
  'a sync of nothing': request(9, NULL),
  'deleting a container that is none': request(20, buffer('/zookeeper')),
  'a TTL of -1': request(21, buffer('/x9'), NULL, OPEN_ACL, int(5), long(-1n)),
  'a TTL of 2^62': request(21, buffer('/x10'), NULL, OPEN_ACL, int(5), long(1n << 62n)),
  'the end of the session, and more': Buffer.concat([
    request(-11),
    request(3, buffer('/'), Buffer.from([0])),
  ]),
  'an empty frame': int(0),
  'a frame of 4 bytes': frame(int(1)),
  'a frame of size -1': int(-1),
  'a frame of 2 GB': int(0x7fffffff),
  'the largest frame': create(buffer('/big'), buffer(Buffer.alloc(MAX_FRAME_BYTES - 54)), OPEN_ACL, 1),
  'a frame that is too large': int(MAX_FRAME_BYTES + 1),
  'a second handshake': hello(),
}

/** By name: what is sent instead of the handshake. */
const HANDSHAKES: Readonly<Record<string, Buffer>> = {
  'a session that is not known': hello({ session: 0x1234567890n }),
  'a session of -1': hello({ session: -1n }),
  'a later zxid': hello({ zxid: 1n << 40n }),
  'a zxid of -1': hello({ zxid: -1n }),
  'protocol version 7': hello({ version: 7 }),
  'a timeout of 0': hello({ timeoutMs: 0 }),
  'a timeout of -1': hello({ timeoutMs: -1 }),
  'a timeout of 2^31-1': hello({ timeoutMs: 0x7fffffff }),
  'a null password': hello({ password: NULL }),
  'an empty password': hello({ password: int(0) }),
  'a password of 1000 bytes': hello({ password: buffer(Buffer.alloc(1000)) }),
  'a password of length -7': hello({ password: int(-7) }),
  'a password longer than the frame': hello({ password: int(5000) }),
  'an empty frame': int(0),
  'a frame of 3 bytes': frame(Buffer.alloc(3)),
  'a frame of size -1': int(-1),
  'no word': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
}

/** What differs. Requests of servers to themselves: ZooKeeper answers the first one never, and the others as if they could not be read. */
const NOT_FOR_CLIENTS = 'hello 10000 (37 bytes), 1: error -6'
const OWN: Readonly<Record<string, string>> = {
  'a check alone': NOT_FOR_CLIENTS,
  'type 13 with an empty body': NOT_FOR_CLIENTS,
  'type -10': NOT_FOR_CLIENTS,
  // ZooKeeper sometimes gets to answer the second request.
  'the end of the session, and more': 'hello 10000 (37 bytes), 1: error 0, 0 bytes, closed',
}

describeInterop('zk-hostile', ['kafka'], () => {
  let home: KcliHome
  let real: ChildProcess
  let ours: ChildProcess
  const ports = { real: 0, ours: 0 }

  beforeAll(async () => {
    home = createKcliHome()
    ;[ports.real = 0, ports.ours = 0] = await freePorts(2)
    ;[real, ours] = await Promise.all([
      startZookeeper(home.dir, ports.real, ['-Dzookeeper.extendedTypesEnabled=true']),
      startOurs(home, ports.ours),
    ])
    // ZooKeeper says that it listens before it does, and listens before it serves.
    const isServing = () => talk(ports.real, hello()).then((said) => said !== 'closed')
    while (!(await isServing().catch(() => false))) await pause(50)
  })
  afterAll(async () => {
    if (real) await stopChild(real, 'SIGKILL')
    if (ours) await stopChild(ours, 'SIGTERM')
    home?.remove()
  })

  /** Each on a connection of its own. */
  async function outcomes(port: number): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const [name, bytes] of Object.entries(REQUESTS)) found[name] = await talk(port, hello(), bytes)
    for (const [name, bytes] of Object.entries(HANDSHAKES))
      found[`handshake: ${name}`] = await talk(port, bytes)
    return found
  }

  it('is answered as by ZooKeeper', async () => {
    const found = await outcomes(ports.ours)
    expect(found).toMatchObject(OWN)
    expect({ ...found, ...OWN }).toEqual({ ...(await outcomes(ports.real)), ...OWN })
  })

  it('a session is not given to who has a wrong password', async () => {
    for (const port of [ports.real, ports.ours]) {
      const holder = await Peer.open(port)
      holder.send(hello())
      const session = (await holder.frame())?.readBigInt64BE(8) ?? 0n
      const thief = await Peer.open(port)
      thief.send(hello({ session, password: buffer(Buffer.alloc(16, 1)) }))
      const answer = await thief.frame()
      expect([answer?.readInt32BE(4), answer?.readBigInt64BE(8)]).toEqual([0, 0n])
      expect(await thief.frame()).toBeUndefined()
      expect(thief.isClosed).toBe(true)
      holder.send(ping)
      // ZooKeeper disconnects the holder before it looks at the password.
      if (port === ports.ours) expect((await holder.frame())?.readInt32BE(0)).toBe(PING_XID)
      await holder.close()
    }
  })
})

/** What comes back, up to the answer to the ping or the end, or until nothing has come for a while. */
async function talk(port: number, first: Buffer, second?: Buffer): Promise<string> {
  const peer = await Peer.open(port)
  const said: string[] = []
  const end = () => [...said, peer.isClosed ? 'closed' : 'silence'].join(', ')
  try {
    peer.send(first)
    const greeting = await peer.frame()
    if (greeting === undefined) return end()
    said.push(`hello ${greeting.readInt32BE(4)} (${greeting.length} bytes)`)
    if (second !== undefined) peer.send(second)
    peer.send(ping)
    for (;;) {
      const answer = await peer.frame()
      if (answer === undefined) return end()
      const [xid, err] = [answer.readInt32BE(0), answer.readInt32BE(12)]
      if (xid === PING_XID && answer.length === 16) return [...said, `pong ${err}`].join(', ')
      // Then the connection ends; a ping may still get in between.
      if (err === UNIMPLEMENTED) return [...said, `${xid}: error ${err}`].join(', ')
      said.push(`${xid}: error ${err}${err === 0 ? `, ${answer.length - 16} bytes` : ''}`)
    }
  } finally {
    await peer.close()
  }
}

class Peer {
  isClosed = false
  private readonly socket: net.Socket
  private received = Buffer.alloc(0)
  private wake: () => void = () => undefined

  static open(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(new Peer(socket)))
      socket.once('error', reject)
    })
  }

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk])
      this.wake()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  /** Resolves when the server has heard of it: it allows so many connections at a time. */
  close(): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve())
      this.socket.setTimeout(SILENCE_MS, () => this.socket.destroy())
      this.socket.end()
    })
  }

  /** Undefined at the end, or after a long silence. */
  async frame(): Promise<Buffer | undefined> {
    for (;;) {
      const size = this.received.length >= 4 ? this.received.readInt32BE(0) : Number.POSITIVE_INFINITY
      if (this.received.length >= size + 4) {
        const whole = this.received.subarray(4, size + 4)
        this.received = this.received.subarray(size + 4)
        return whole
      }
      if (this.isClosed) return undefined
      const isWoken = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), SILENCE_MS)
        this.wake = () => {
          clearTimeout(timer)
          resolve(true)
        }
      })
      if (!isWoken) return undefined
    }
  }
}

async function startOurs(home: KcliHome, port: number): Promise<ChildProcess> {
  const config = path.join(home.dir, 'ours.cfg')
  writeFileSync(config, 'extendedTypesEnabled=true\ntickTime=1000\n')
  const args = ['zookeeper', 'start', config, '--data-dir', path.join(home.dir, 'ours')]
  const child = spawn(
    process.execPath,
    [path.join(repositoryDir, 'bin', 'run.js'), ...args, '--listen', `127.0.0.1:${port}`],
    { env: childEnv(home.env), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  killWithUs(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('close', (code) => reject(new Error(`kcli zookeeper start ended with ${code}`)))
  })
  return child
}
