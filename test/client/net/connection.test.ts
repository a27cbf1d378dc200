import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { Channel } from '../../../src/base/network.ts'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import {
  Connection,
  NetworkError,
  type RequestObserver,
  RequestTimeoutError,
  UnsupportedVersionError,
} from '../../../src/client/net/index.ts'
import { type Api, encodeResponse, FrameDecoder, peekRequest } from '../../../src/protocol/index.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { heartbeat } from '../../../src/protocol/messages/12-heartbeat.ts'
import { apiVersions } from '../../../src/protocol/messages/18-api-versions.ts'
import { gate } from '../../support/manual-clock.ts'

type Answer = (channel: Channel, apiKey: number, version: number, correlationId: number) => void

const VERSIONS = {
  apiKeys: [
    { apiKey: 12, minVersion: 0, maxVersion: 3 },
    { apiKey: 18, minVersion: 0, maxVersion: 3 },
  ],
}

/** A broker of few words: ApiVersions up to 3, all else by `answer`. */
async function connectTo(
  answer: Answer,
  options: { requestTimeoutMs?: number; maxResponseBytes?: number; observer?: RequestObserver } = {},
) {
  const network = createNodeNetwork(systemClock)
  const channels: Channel[] = []
  const listener = await network.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, (channel) => {
    channels.push(channel)
    const frames = new FrameDecoder(1 << 20)
    channel.start({
      data(chunk) {
        frames.push(chunk)
        for (let frame = frames.next(); frame !== null; frame = frames.next()) {
          const { apiKey, apiVersion, correlationId } = peekRequest(frame)
          if (apiKey !== 18) answer(channel, apiKey, apiVersion, correlationId)
          else if (apiVersion > 3) {
            channel.write(encodeResponse(apiVersions, 0, correlationId, { ...VERSIONS, errorCode: 35 }))
          } else channel.write(encodeResponse(apiVersions, apiVersion, correlationId, VERSIONS))
        }
      },
      close: () => undefined,
    })
  })
  onTestFinished(async () => {
    for (const channel of channels) channel.destroy()
    await listener.close()
  })
  const connection = await Connection.open(network, listener.address, {
    clock: systemClock,
    clientId: 'test',
    connectTimeoutMs: 1000,
    requestTimeoutMs: options.requestTimeoutMs ?? 1000,
    observer: options.observer,
    ...(options.maxResponseBytes === undefined ? {} : { maxResponseBytes: options.maxResponseBytes }),
  })
  onTestFinished(() => connection.close())
  return connection
}

function respond(spec: Api, channel: Channel, version: number, correlationId: number, body: object): void {
  channel.write(encodeResponse(spec, version, correlationId, body))
}

const asApi = heartbeat as unknown as Api

describe('Connection', () => {
  it('steps down to the versions that the broker knows', async () => {
    const connection = await connectTo((channel, _key, version, id) =>
      respond(asApi, channel, version, id, { errorCode: version }),
    )
    expect(connection.versionOf(heartbeat)).toBe(3)
    expect(await connection.send(heartbeat, { groupId: 'g' })).toEqual({ throttleTimeMs: 0, errorCode: 3 })
    expect(() => connection.versionOf(metadata)).toThrow(UnsupportedVersionError)
  })

  it('tells an observer what goes over it, and how each request ends', async () => {
    const told: string[] = []
    const observer: RequestObserver = {
      connecting: () => ({
        connected: () => told.push('connected'),
        failed: () => told.push('not connected'),
      }),
      requesting: ({ api, version, body }) => {
        const name = `${api.name} ${version} ${JSON.stringify(body).slice(0, 14)}`
        told.push(name)
        return {
          sent: (sizeBytes) => told.push(`${api.name} ${sizeBytes > 10 ? 'sent' : 'empty'}`),
          received: (sizeBytes) => told.push(`${api.name} ${sizeBytes > 10 ? 'received' : 'empty'}`),
          answered: (response) => told.push(`${api.name} ${JSON.stringify(response).slice(0, 36)}`),
          failed: (error) => told.push(`${api.name} ${(error as Error).name}`),
          abandoned: () => told.push(`${api.name} abandoned`),
        }
      },
    }
    let answers = 1
    const answer: Answer = (channel, _key, version, id) =>
      answers-- > 0 ? respond(asApi, channel, version, id, { errorCode: 27 }) : channel.destroy()
    const connection = await connectTo(answer, { observer })
    const before = told.splice(0)
    expect(before.filter((each) => !each.includes('{'))).toEqual(
      ['connected', ...Array(2).fill(['ApiVersions sent', 'ApiVersions received'])].flat(),
    )
    await connection.send(heartbeat, { groupId: 'g' })
    await connection.send(heartbeat, { groupId: 'g' }).catch(() => undefined)
    await connection.send(heartbeat, { groupId: 'g' }).catch(() => undefined)
    expect(told).toEqual([
      ...['Heartbeat 3 {"groupId":"g"', 'Heartbeat sent', 'Heartbeat received'],
      'Heartbeat {"throttleTimeMs":0,"errorCode":27}'.slice(0, 46),
      ...['Heartbeat 3 {"groupId":"g"', 'Heartbeat sent', 'Heartbeat NetworkError'],
      ...['Heartbeat 3 {"groupId":"g"', 'Heartbeat NetworkError'],
    ])
  })

  it('pipelines, and gives each answer to its request', async () => {
    const waiting: (() => void)[] = []
    const connection = await connectTo((channel, _key, version, id) => {
      waiting.push(() => respond(asApi, channel, version, id, { errorCode: waiting.length }))
      if (waiting.length === 3) for (const [index, send] of waiting.entries()) void [index, send()]
    })
    const answers = await Promise.all([1, 2, 3].map(() => connection.send(heartbeat, {})))
    expect(answers.map((answer) => answer.errorCode)).toEqual([3, 3, 3])
    expect(connection.inFlightCount).toBe(0)
  })

  it('fails everything in flight when the broker goes away', async () => {
    const connection = await connectTo((channel) => channel.destroy())
    let closed = 0
    connection.onClose(() => closed++)
    const answers = await Promise.allSettled([connection.send(heartbeat, {}), connection.send(heartbeat, {})])
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'KCLI_NETWORK' } })
    expect([connection.isOpen, closed]).toEqual([false, 1])
    await expect(connection.send(heartbeat, {})).rejects.toBeInstanceOf(NetworkError)
  })

  it('sends what was written before it was closed', async () => {
    let received = 0
    const groupId = 'x'.repeat(30_000)
    const total = 600
    const all = gate()
    const connection = await connectTo(() => {
      if (++received === total) all.open()
    })
    for (let i = 0; i < total; i++) connection.sendNoResponse(heartbeat, { groupId })
    expect(connection.bufferedBytes).toBeGreaterThan(0)
    connection.close()
    await all.opened
    expect(connection.isOpen).toBe(false)
  })

  it('gives up a broker that does not answer', async () => {
    // The greeting has to be answered within the same time, on a busy machine, too.
    const connection = await connectTo(() => undefined, { requestTimeoutMs: 400 })
    await expect(connection.send(heartbeat, {})).rejects.toBeInstanceOf(RequestTimeoutError)
    expect(connection.isOpen).toBe(false)
  })

  it.each([
    [
      'bytes that are no frame',
      (channel: Channel) => channel.write([Buffer.from('HTTP/1.1 400 Bad Request')]),
    ],
    ['a negative size', (channel: Channel) => channel.write([Buffer.from('ffffffff', 'hex')])],
    ['an answer to another request', (channel: Channel) => respond(asApi, channel, 3, 4711, {})],
  ])('ends the connection at %s', async (_what, answer) => {
    const connection = await connectTo(answer, { maxResponseBytes: 1 << 20 })
    await expect(connection.send(heartbeat, {})).rejects.toBeInstanceOf(NetworkError)
    expect(connection.isOpen).toBe(false)
  })

  it('says so when nobody listens', async () => {
    const network = createNodeNetwork(systemClock)
    const open = Connection.open(
      network,
      { kind: 'tcp', host: '127.0.0.1', port: 1 },
      {
        clock: systemClock,
        clientId: null,
        connectTimeoutMs: 500,
        requestTimeoutMs: 500,
      },
    )
    await expect(open).rejects.toThrow(/cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\)/)
  })
})
