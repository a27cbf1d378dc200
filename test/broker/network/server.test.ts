import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../../src/base/network.ts'
import { metadataHandler } from '../../../src/broker/api/03-metadata.ts'
import { type ApiHandler, CLOSE_CONNECTION, handler, NO_RESPONSE } from '../../../src/broker/api/handler.ts'
import { MetadataCache } from '../../../src/broker/metadata/index.ts'
import { ListenError, NetworkServer } from '../../../src/broker/network/server.ts'
import { encodeRequest } from '../../../src/protocol/index.ts'
import { produce } from '../../../src/protocol/messages/00-produce.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { apiVersions } from '../../../src/protocol/messages/18-api-versions.ts'
import { RawClient } from '../support/raw-client.ts'
import { startServer } from '../support/test-server.ts'

interface GoldenFrames {
  readonly name: string
  readonly sentHex: string
  readonly closed: boolean
  readonly receivedHex: string
}

const GOLDEN = path.join(import.meta.dirname, '../../golden/behaviour/frames.json')
const goldenFrames = JSON.parse(fs.readFileSync(GOLDEN, 'utf8')) as GoldenFrames[]

const running: NetworkServer[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close(0)
})

const metadataOf = (cache = new MetadataCache({ clusterId: 'c' })) =>
  metadataHandler({ cache, autoCreateEnabled: () => false, autoCreate: async () => new Map() })

async function start(handlers: ApiHandler[], options?: Parameters<typeof startServer>[1]) {
  const started = await startServer(handlers, options)
  running.push(started.server)
  return started
}

/** A produce handler whose answers the test gives, and a metadata handler that notes when it is called. */
function controlledHandlers() {
  const events: string[] = []
  const release: (() => void)[] = []
  const produceHandler = handler(
    produce,
    { min: 3, max: 11 },
    {
      handle(request) {
        const name = request.topicData[0]?.name ?? ''
        events.push(`start ${name}`)
        if (request.acks === 0) return name === 'bad' ? CLOSE_CONNECTION : NO_RESPONSE
        return new Promise((resolve) => {
          release.push(() => {
            events.push(`done ${name}`)
            resolve({ responses: [{ name, partitionResponses: [] }] })
          })
        })
      },
      onError: () => ({}),
    },
  )
  const inner = metadataOf()
  const noted: ApiHandler = {
    ...inner,
    handle(request, context) {
      events.push('metadata')
      return inner.handle(request, context)
    },
  }
  return { events, release, handlers: [produceHandler, noted] }
}

const produceRequest = (correlationId: number, name: string, acks = -1) =>
  Buffer.concat(
    encodeRequest(
      produce,
      9,
      { correlationId, clientId: 'c' },
      {
        acks,
        timeoutMs: 1000,
        topicData: [{ name, partitionData: [] }],
      },
    ) as Buffer[],
  )
const metadataRequest = (correlationId: number) =>
  Buffer.concat(encodeRequest(metadata, 1, { correlationId, clientId: 'c' }, { topics: [] }) as Buffer[])
const versionsRequest = (correlationId: number) =>
  Buffer.concat(encodeRequest(apiVersions, 0, { correlationId, clientId: 'c' }, {}) as Buffer[])

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('hostile bytes', () => {
  // Where Kafka takes a length below -1 for null, we refuse the frame.
  const frames = goldenFrames.filter(({ name }) => !name.includes('negative array length below -1'))

  it.each(frames)('$name: as Apache Kafka does', async ({ sentHex, closed, receivedHex }) => {
    const { network, tcp } = await start([metadataOf()])
    const client = await RawClient.connect(network, tcp)
    client.send(Buffer.from(sentHex, 'hex'))
    const responses = receivedHex === '' ? 0 : receivedHex.match(/\(469 bytes\)/) ? 2 : 1
    for (let i = 0; i < responses; i++) {
      const frame = await client.frame()
      expect(frame?.readInt32BE(0)).toBe(7 + i)
    }
    if (closed) await client.whenClosed()
    else {
      // The connection still works.
      client.send(versionsRequest(99))
      expect((await client.frame())?.readInt32BE(0)).toBe(99)
    }
    client.destroy()
    // And so does the server.
    const next = await RawClient.connect(network, tcp)
    next.send(versionsRequest(5))
    expect((await next.frame())?.readInt32BE(0)).toBe(5)
    next.destroy()
  })

  it('takes a request that comes byte by byte', async () => {
    const { network, tcp } = await start([])
    const client = await RawClient.connect(network, tcp)
    for (const byte of versionsRequest(12)) {
      client.send(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.frame())?.readInt32BE(0)).toBe(12)
    client.destroy()
  })

  it('forgets a client that leaves in the middle of a frame', async () => {
    const { network, tcp, server } = await start([])
    const client = await RawClient.connect(network, tcp)
    client.send(versionsRequest(1).subarray(0, 7))
    await until(() => server.connectionCount === 1)
    client.destroy()
    await until(() => server.connectionCount === 0)
  })

  it('closes a connection with a frame above socket.request.max.bytes before it has all come', async () => {
    const { network, tcp } = await start([], { limits: { maxRequestBytes: 1000 } })
    const client = await RawClient.connect(network, tcp)
    client.send(Buffer.from([0, 0, 3, 0xe9, 0, 18]))
    await client.whenClosed()
  })
})

describe('the order of responses', () => {
  it.each(['tcp', 'pipe'] as const)(
    'pipelined produce requests start at once and are answered in order (%s)',
    async (kind) => {
      const { events, release, handlers } = controlledHandlers()
      const { network, ...addresses } = await start(handlers)
      const client = await RawClient.connect(network, addresses[kind] as Address)
      client.send(produceRequest(1, 'a'), produceRequest(2, 'b'), produceRequest(3, 'c'))
      await until(() => release.length === 3)
      expect(events).toEqual(['start a', 'start b', 'start c'])
      release[2]?.()
      release[0]?.()
      release[1]?.()
      const ids = [await client.frame(), await client.frame(), await client.frame()].map((f) =>
        f?.readInt32BE(0),
      )
      expect(ids).toEqual([1, 2, 3])
      client.destroy()
    },
  )

  it('another request waits until what was produced before it is answered', async () => {
    const { events, release, handlers } = controlledHandlers()
    const { network, tcp } = await start(handlers)
    const client = await RawClient.connect(network, tcp)
    client.send(produceRequest(1, 'a'), metadataRequest(2), produceRequest(3, 'b'))
    await until(() => release.length === 1)
    expect(events).toEqual(['start a'])
    release[0]?.()
    expect((await client.frame())?.readInt32BE(0)).toBe(1)
    expect((await client.frame())?.readInt32BE(0)).toBe(2)
    await until(() => release.length === 2)
    expect(events).toEqual(['start a', 'done a', 'metadata', 'start b'])
    release[1]?.()
    expect((await client.frame())?.readInt32BE(0)).toBe(3)
    client.destroy()
  })

  it('acks=0 has no response, and closes the connection when it fails', async () => {
    const { network, tcp } = await start(controlledHandlers().handlers)
    const client = await RawClient.connect(network, tcp)
    client.send(produceRequest(1, 'a', 0), metadataRequest(2))
    expect((await client.frame())?.readInt32BE(0)).toBe(2)
    client.send(metadataRequest(3), produceRequest(4, 'bad', 0), metadataRequest(5))
    expect((await client.frame())?.readInt32BE(0)).toBe(3)
    await client.whenClosed()
    expect(await client.frame()).toBeNull()
  })

  it('does not start ever more requests of a connection', async () => {
    const { events, handlers } = controlledHandlers()
    const { network, tcp, server } = await start(handlers)
    const client = await RawClient.connect(network, tcp)
    for (let i = 0; i < 100; i++) client.send(produceRequest(i, `t${i}`))
    await until(() => events.length === 64)
    await new Promise((resolve) => setImmediate(resolve))
    expect(events.length).toBe(64)
    client.destroy()
    expect(server.connectionCount).toBe(1)
  })

  it('starts nothing more for a client that does not take its answers', async () => {
    let answered = 0
    const big = handler(
      metadata,
      { min: 0, max: 12 },
      {
        handle: () => {
          answered++
          return { clusterId: 'c', topics: Array.from({ length: 10 }, () => ({ name: 'x'.repeat(30_000) })) }
        },
        onError: () => ({}),
      },
    )
    const { network, pipe } = await start([big])
    const client = await RawClient.connect(network, pipe)
    client.pause()
    const request = Buffer.concat(
      encodeRequest(metadata, 9, { correlationId: 1, clientId: 'c' }, { topics: [] }) as Buffer[],
    )
    for (let i = 0; i < 50; i++) client.send(request)
    await until(() => answered >= 4)
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBeLessThan(10)
    client.resume()
    for (let i = 0; i < 50; i++) expect((await client.frame())?.length).toBeGreaterThan(300_000)
    expect(answered).toBe(50)
    client.destroy()
  })
})

describe('the server', () => {
  it('answers errors that a handler throws in its own message', async () => {
    const failing = handler(
      metadata,
      { min: 0, max: 12 },
      {
        handle: () => {
          throw new Error('no')
        },
        onError: (_request, errorCode) => ({ topics: [{ errorCode, name: 'x' }] }),
      },
    )
    const { network, tcp } = await start([failing])
    const client = await RawClient.connect(network, tcp)
    client.send(metadataRequest(1))
    const frame = await client.frame()
    expect(frame?.includes(Buffer.from([0xff, 0xff, 0, 1, 0x78]))).toBe(true)
    client.destroy()
  })

  it('says which address is in use, and lets go of what it has bound', async () => {
    const { network, tcp } = await start([])
    const server = new NetworkServer({
      network,
      clock: (await import('../../../src/base/clock.ts')).systemClock,
      logger: (await import('../../../src/base/logger.ts')).silentLogger,
      limits: () => ({
        maxRequestBytes: 1,
        connectionsMaxIdleMs: 1,
        maxConnections: 1,
        maxConnectionsPerIp: 1,
      }),
    })
    const spec = (name: string, address: Address) => ({
      name,
      securityProtocol: 'PLAINTEXT' as const,
      bind: [address],
      advertisedHost: 'h',
      advertisedPort: 1,
    })
    const free: Address = { kind: 'pipe', name: 'free' }
    const error = await server.bind([spec('A', free), spec('B', tcp)]).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ListenError)
    expect((error as Error).message).toMatch(/cannot listen on 127\.0\.0\.1:\d+: it is in use/)
    await expect(network.connect(free, { timeoutMs: 100 })).rejects.toThrow('ECONNREFUSED')
  })

  it('holds max.connections', async () => {
    const { network, tcp } = await start([], { limits: { maxConnections: 1 } })
    const first = await RawClient.connect(network, tcp)
    first.send(versionsRequest(1))
    await first.frame()
    const second = await RawClient.connect(network, tcp)
    await second.whenClosed()
    first.send(versionsRequest(2))
    expect((await first.frame())?.readInt32BE(0)).toBe(2)
    first.destroy()
  })

  it('answers what is in process when it stops, and starts nothing new', async () => {
    const { release, handlers } = controlledHandlers()
    const { network, tcp, server } = await start(handlers)
    const client = await RawClient.connect(network, tcp)
    client.send(produceRequest(1, 'a'))
    await until(() => release.length === 1)
    await server.stopProcessing()
    client.send(produceRequest(2, 'b'))
    release[0]?.()
    expect((await client.frame())?.readInt32BE(0)).toBe(1)
    await client.whenClosed()
    expect(release.length).toBe(1)
    await expect(network.connect(tcp, { timeoutMs: 1000 })).rejects.toThrow()
  })
})
