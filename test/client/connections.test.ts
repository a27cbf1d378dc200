import { describe, expect, it } from 'vitest'
import type { Address, ConnectOptions, Network } from '../../src/base/network.ts'
import { canonicalAddresses } from '../../src/client/canonical-addresses.ts'
import { ClientCore } from '../../src/client/core.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { FakeCluster } from '../support/fake-broker.ts'
import { ManualClock } from '../support/manual-clock.ts'

interface Attempt extends ConnectOptions {
  readonly atMs: number
  readonly address: Address
}

/** A client that knows its cluster, and what it has tried to connect to since. */
async function setUp(more: Partial<ClientOptions> = {}, brokers = 1) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, { brokers })
  cluster.addTopic('t')
  const attempts: Attempt[] = []
  const network: Network = {
    connect: (address, options) => {
      attempts.push({ ...options, address, atMs: clock.monotonicMs() })
      return cluster.network.connect(address, options)
    },
    listen: (address, accept) => cluster.network.listen(address, accept),
  }
  const core = new ClientCore(cluster.clientOptions({ network, ...more }))
  await clock.run(core.refresh(['t']))
  attempts.length = 0
  return { clock, cluster, core, attempts }
}

const sent = (cluster: FakeCluster) => cluster.callsOf(metadata).length

describe('Connections', () => {
  it('leave a broker alone that cannot be reached, longer from time to time, and are quick again after a success', async () => {
    const { clock, cluster, core, attempts } = await setUp({
      reconnectBackoffMs: 100,
      reconnectBackoffMaxMs: 1000,
    })
    cluster.down.add(0)
    for (let i = 0; i < 8; i++) await clock.run(core.connectionTo(0).catch(() => undefined))
    const pauses = attempts.slice(1).map(({ atMs }, index) => atMs - (attempts[index]?.atMs ?? 0))
    for (const [index, pauseMs] of pauses.entries()) {
      const baseMs = Math.min(100 * 2 ** index, 1000)
      expect(pauseMs).toBeGreaterThanOrEqual(baseMs * 0.79)
      expect(pauseMs).toBeLessThanOrEqual(baseMs * 1.21)
    }
    cluster.down.clear()
    await clock.run(core.connectionTo(0))
    cluster.disconnect(0)
    await clock.settle()
    const lostMs = clock.monotonicMs()
    await clock.run(core.connectionTo(0))
    expect(clock.monotonicMs() - lostMs).toBeLessThanOrEqual(121)
    core.close()
  })

  it('give a broker more time to answer with each attempt (KIP-601)', async () => {
    const { clock, cluster, core, attempts } = await setUp({
      connectTimeoutMs: 1000,
      connectTimeoutMaxMs: 3000,
    })
    cluster.down.add(0)
    for (let i = 0; i < 4; i++) await clock.run(core.connectionTo(0).catch(() => undefined))
    for (const [index, baseMs] of [1000, 2000, 3000, 3000].entries()) {
      expect(attempts[index]?.timeoutMs).toBeGreaterThanOrEqual(baseMs * 0.79)
      expect(attempts[index]?.timeoutMs).toBeLessThanOrEqual(baseMs * 1.21)
    }
    core.close()
  })

  it('end when nobody has used them for long, and come back when they are asked for', async () => {
    const { clock, core, attempts } = await setUp({ connectionsMaxIdleMs: 10_000 }, 2)
    const connection = await clock.run(core.connectionTo(0))
    await clock.advance(6000)
    await clock.run(connection.send(metadata, {}))
    await clock.advance(6000)
    expect(connection.isOpen).toBe(true)
    await clock.advance(5000)
    expect(connection.isOpen).toBe(false)
    expect(await clock.run(core.connectionTo(0))).not.toBe(connection)
    expect(attempts).toHaveLength(2)
    core.close()
    expect(clock.pendingTimers).toBe(0)
  })

  it('stay with connections.max.idle.ms=-1, and while an answer is awaited', async () => {
    const forever = await setUp({ connectionsMaxIdleMs: -1 })
    const connection = await forever.clock.run(forever.core.connectionTo(0))
    await forever.clock.advance(10_000_000)
    expect(connection.isOpen).toBe(true)
    forever.core.close()

    const { clock, cluster, core } = await setUp({ connectionsMaxIdleMs: 1000, requestTimeoutMs: 30_000 })
    const waiting = await clock.run(core.connectionTo(0))
    cluster.script = () => 'silence'
    waiting.send(metadata, {}).catch(() => undefined)
    await clock.advance(20_000)
    expect(waiting.isOpen).toBe(true)
    core.close()
  })

  it('hand the sizes of socket buffers to the network', async () => {
    const { clock, core, attempts } = await setUp({ sendBufferBytes: 1000, receiveBufferBytes: 2000 })
    await clock.run(core.connectionTo(0))
    expect(attempts).toMatchObject([{ sendBufferBytes: 1000, receiveBufferBytes: 2000 }])
    core.close()
  })

  it('an attempt that waits for its time ends with the client', async () => {
    const { clock, cluster, core } = await setUp({ reconnectBackoffMs: 60_000 })
    await clock.run(core.connectionTo(0))
    cluster.down.add(0)
    cluster.disconnect(0)
    await clock.settle()
    const waiting = core.connectionTo(0)
    await clock.settle()
    core.close()
    await expect(waiting).rejects.toMatchObject({ code: 'KCLI_CLOSED' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('a coordinator has one of its own', async () => {
    const { clock, core } = await setUp()
    const [data, coordinator] = await clock.run(
      Promise.all([core.connectionTo(0), core.coordinatorConnectionTo(0)]),
    )
    expect(data).not.toBe(coordinator)
    expect(await clock.run(core.coordinatorConnectionTo(0))).toBe(coordinator)
    core.close()
  })
})

describe('Connections: a broker that throttles (KIP-219)', () => {
  async function throttled(version?: number) {
    const setting = await setUp({ requestTimeoutMs: 3000 })
    const { clock, cluster, core } = setting
    const connection = await clock.run(core.connectionTo(0))
    cluster.script = () => ({ answer: { throttleTimeMs: 5000, brokers: [] } })
    await clock.run(connection.send(metadata, {}, version === undefined ? {} : { version }))
    cluster.script = () => undefined
    const before = sent(cluster)
    let isAnswered = false
    connection.send(metadata, {}).then(
      () => {
        isAnswered = true
      },
      () => undefined,
    )
    return { ...setting, connection, before, isAnswered: () => isAnswered }
  }

  it('gets nothing for that time, and then everything, whose own time begins then', async () => {
    const { clock, cluster, core, connection, before, isAnswered } = await throttled()
    await clock.advance(4900)
    expect([sent(cluster) - before, connection.isOpen, connection.isThrottled]).toEqual([0, true, true])
    await clock.advance(200)
    expect([sent(cluster) - before, isAnswered(), connection.isThrottled]).toEqual([1, true, false])
    core.close()
  })

  it('is not waited for when it has waited itself, before version 6 of Metadata', async () => {
    const { clock, core, isAnswered } = await throttled(5)
    await clock.advance(10)
    expect(isAnswered()).toBe(true)
    core.close()
  })

  it('is not the one that is asked when any will do', async () => {
    const { clock, cluster, core } = await setUp({}, 2)
    const [zero, one] = await clock.run(Promise.all([core.connectionTo(0), core.connectionTo(1)]))
    expect(await core.anyConnection()).toBe(zero)
    cluster.script = () => ({ answer: { throttleTimeMs: 5000, brokers: [] } })
    await clock.run(zero?.send(metadata, {}) ?? Promise.resolve())
    expect(await core.anyConnection()).toBe(one)
    core.close()
  })

  it('ends what waits when it goes away', async () => {
    const { clock, cluster, core, connection } = await throttled()
    expect(connection.inFlightCount).toBe(1)
    cluster.disconnect(0)
    await clock.settle()
    expect([connection.inFlightCount, connection.isOpen]).toEqual([0, false])
    core.close()
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('Connections: when all brokers are gone (KIP-899)', () => {
  it.each([
    ['rebootstrap', ['broker-0']],
    ['none', []],
  ] as const)('%s', async (metadataRecoveryStrategy, reached) => {
    const bootstrap = [{ kind: 'pipe', name: 'broker-0' }] as const
    const { clock, cluster, core, attempts } = await setUp({ metadataRecoveryStrategy, bootstrap }, 2)
    // Broker 0 leaves, then only it comes back.
    cluster.down.add(0)
    cluster.disconnect(0)
    await clock.run(core.retry(() => core.refresh([])))
    expect([...core.metadata.brokers.keys()]).toEqual([1])
    cluster.down.add(1)
    cluster.disconnect(1)
    cluster.down.delete(0)
    attempts.length = 0
    await clock.run(core.retry(() => core.refresh([]), { timeoutMs: 3000 })).catch(() => undefined)
    const names = attempts.map(({ address }) => (address.kind === 'pipe' ? address.name : ''))
    expect(names.filter((name) => name === 'broker-0')).toEqual(reached)
    expect([...core.metadata.brokers.keys()]).toEqual(metadataRecoveryStrategy === 'none' ? [1] : [0])
    core.close()
  })
})

describe('ClientCore: topics that nobody uses', () => {
  it('are forgotten after metadata.max.idle.ms', async () => {
    const { clock, cluster, core } = await setUp({ metadataMaxIdleMs: 1000 })
    cluster.addTopic('u')
    await clock.run(core.refresh(['t', 'u']))
    for (let i = 0; i < 3; i++) {
      core.metadata.topic('t')
      await clock.advance(1001)
      core.updateIfOld()
    }
    expect([...core.metadata.topics.keys()]).toEqual(['t'])
    core.close()
  })
})

describe('client.dns.lookup', () => {
  const tcp = (host: string) => ({ kind: 'tcp' as const, host, port: 9092 })

  it('resolve_canonical_bootstrap_servers_only goes by the names of all addresses', async () => {
    const names: Record<string, string[]> = {
      all: ['a.example', 'b.example', 'a.example'],
      one: ['c.example'],
    }
    const lookUp = (host: string) =>
      names[host] === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(names[host])
    const pipe = { kind: 'pipe', name: 'p' } as const
    expect(await canonicalAddresses([tcp('all'), pipe, tcp('gone'), tcp('one')], lookUp)).toEqual([
      tcp('a.example'),
      tcp('b.example'),
      pipe,
      tcp('gone'),
      tcp('c.example'),
    ])
  })

  it('is asked for only then', async () => {
    let lookUps = 0
    const canonicalNames = () => {
      lookUps++
      return Promise.resolve(['127.0.0.1'])
    }
    const clock = new ManualClock()
    const cluster = await FakeCluster.start(clock)
    for (const dnsLookup of ['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'] as const) {
      const network: Network = {
        connect: (_address, options) => cluster.network.connect({ kind: 'pipe', name: 'broker-0' }, options),
        listen: (address, accept) => cluster.network.listen(address, accept),
      }
      const bootstrap = [{ kind: 'tcp', host: 'localhost', port: 1 }] as const
      const core = new ClientCore(cluster.clientOptions({ bootstrap, dnsLookup, canonicalNames, network }))
      await clock.run(core.refresh([]))
      core.close()
    }
    expect(lookUps).toBe(1)
  })
})
