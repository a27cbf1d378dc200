import { describe, expect, it } from 'vitest'
import { KcliError } from '../../src/base/errors.ts'
import type { Network } from '../../src/base/network.ts'
import { ClientCore } from '../../src/client/core.ts'
import { type ClientOptions, NetworkError, UnreachableError } from '../../src/client/index.ts'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { FakeCluster } from '../support/fake-broker.ts'
import { ManualClock } from '../support/manual-clock.ts'

async function setUp(brokers = 1, more: Partial<ClientOptions> = {}) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, { brokers })
  cluster.addTopic('t')
  const core = new ClientCore(cluster.clientOptions(more))
  return { clock, cluster, core }
}

const pipe = (name: string) => ({ kind: 'pipe' as const, name })
const asked = (cluster: FakeCluster) => cluster.callsOf(metadata).length

describe('ClientCore: brokers', () => {
  it('goes through the bootstrap addresses until one answers', async () => {
    const { clock, core } = await setUp(2, { bootstrap: [pipe('nobody'), pipe('broker-1')] })
    await clock.run(core.refresh([]))
    expect([...core.metadata.brokers.keys()]).toEqual([0, 1])
    core.close()
  })

  it('says at once that none answers', async () => {
    const { clock, core } = await setUp(1, { bootstrap: [pipe('nobody'), pipe('nobody else')] })
    const error: unknown = await clock.run(core.topic('t')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnreachableError)
    expect((error as Error).message).toMatch(
      /^no broker answers at pipe:nobody, pipe:nobody else: .*ECONNREFUSED/,
    )
    expect(clock.monotonicMs()).toBe(0)
    core.close()
  })

  it('lets an error of the network itself through as it is', async () => {
    const failure = new KcliError('KCLI_DATA_DIR', 'the folder is in use', { hint: 'Take another.' })
    const network: Network = {
      connect: () => Promise.reject(failure),
      listen: () => Promise.reject(failure),
    }
    const { clock, core } = await setUp(1, { network })
    await expect(clock.run(core.topic('t'))).rejects.toBe(failure)
    expect(clock.monotonicMs()).toBe(0)
    core.close()
  })

  it('asks another broker when one is gone, and finds all of them again by the bootstrap addresses', async () => {
    const { clock, cluster, core } = await setUp(3)
    await clock.run(core.refresh([]))
    cluster.down.add(0)
    cluster.disconnect(0)
    await clock.run(core.retry(() => core.refresh([])))
    expect([...core.metadata.brokers.keys()]).toEqual([1, 2])
    cluster.down.delete(0)
    for (const id of [1, 2]) {
      cluster.down.add(id)
      cluster.disconnect(id)
    }
    await clock.run(core.retry(() => core.refresh([])))
    expect([...core.metadata.brokers.keys()]).toEqual([0])
    core.close()
  })

  it('is patient with a cluster that it has known', async () => {
    const { clock, cluster, core } = await setUp()
    await clock.run(core.refresh([]))
    cluster.down.add(0)
    cluster.disconnect(0)
    clock.setTimer(5000, () => cluster.down.delete(0))
    await clock.run(core.retry(() => core.refresh(['t'])))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5000)
    expect(clock.monotonicMs()).toBeLessThan(6500)
    core.close()
  })

  it('prefers the connection with the least to do', async () => {
    const { clock, cluster, core } = await setUp(2)
    await clock.run(core.refresh([]))
    const [zero, one] = await clock.run(Promise.all([core.connectionTo(0), core.connectionTo(1)]))
    cluster.script = (call) => (call.broker === 0 ? 'silence' : undefined)
    zero?.send(metadata, {}).catch(() => undefined)
    const bootstrap = [...Array(3)].map(() => core.anyConnection())
    for (const connection of await clock.run(Promise.all(bootstrap))) expect(connection.inFlightCount).toBe(0)
    expect(one?.isOpen).toBe(true)
    core.close()
  })

  it('leaves the connection that came first alone when there is another', async () => {
    const { clock, cluster, core } = await setUp(2, { bootstrap: [pipe('broker-0')] })
    await clock.run(core.refresh([]))
    await clock.run(core.connectionTo(1))
    await clock.run(core.refresh([]))
    expect(cluster.callsOf(metadata).map(({ broker }) => broker)).toEqual([0, 1])
    core.close()
  })

  it('fails what is asked of a closed client', async () => {
    const { clock, core } = await setUp()
    core.close()
    await expect(clock.run(core.topic('t'))).rejects.toMatchObject({ code: 'KCLI_CLOSED' })
    expect(clock.monotonicMs()).toBe(0)
  })
})

describe('ClientCore: retry', () => {
  it('waits twice as long each time, up to the limit, and gives up in time', async () => {
    const { clock, core } = await setUp(1, { apiTimeoutMs: 5000 })
    const times: number[] = []
    const attempt = () => {
      times.push(clock.monotonicMs())
      return Promise.reject(new NetworkError('not yet'))
    }
    await expect(clock.run(core.retry(attempt))).rejects.toThrow('not yet')
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    for (const [index, wait] of waits.entries()) {
      const base = Math.min(100 * 2 ** index, 1000)
      expect(wait).toBeGreaterThanOrEqual(base * 0.79)
      expect(wait).toBeLessThanOrEqual(base * 1.21)
    }
    expect(waits.length).toBeGreaterThan(5)
    expect(clock.monotonicMs()).toBeLessThanOrEqual(5000)
    core.close()
  })

  it('tries again no more often than `retries` says', async () => {
    const { clock, core } = await setUp(1, { retries: 2 })
    let attempts = 0
    const attempt = () => Promise.reject(new NetworkError(`attempt ${++attempts}`))
    await expect(clock.run(core.retry(attempt))).rejects.toThrow('attempt 3')
    core.close()
  })

  it('does not try again what cannot succeed', async () => {
    const { clock, core } = await setUp()
    let attempts = 0
    const attempt = () => {
      attempts++
      return Promise.reject(new TypeError('a mistake'))
    }
    await expect(clock.run(core.retry(attempt))).rejects.toThrow(TypeError)
    expect(attempts).toBe(1)
    core.close()
  })
})

describe('ClientCore: topics', () => {
  it('gives a new topic half a second to be known everywhere', async () => {
    const { clock, cluster, core } = await setUp()
    clock.setTimer(300, () => cluster.addTopic('new'))
    expect((await clock.run(core.topic('new'))).partitions).toHaveLength(1)
    const startMs = clock.monotonicMs()
    await expect(clock.run(core.topic('nowhere'))).rejects.toMatchObject({
      code: 'KCLI_UNKNOWN_TOPIC',
      hint: expect.stringContaining('nowhere'),
    })
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(500)
    expect(clock.monotonicMs() - startMs).toBeLessThan(1500)
    core.close()
  })

  it('asks again together and with pauses, however many find their metadata old', async () => {
    const { clock, cluster, core } = await setUp()
    cluster.addTopic('u')
    await clock.run(core.refresh([]))
    const before = asked(cluster)
    for (let i = 0; i < 50; i++) void core.requestUpdate([i % 2 ? 't' : 'u'])
    await clock.settle()
    for (let i = 0; i < 50; i++) void core.requestUpdate(['t'])
    await clock.advance(1000)
    expect(asked(cluster) - before).toBe(2)
    expect([...core.metadata.topics.keys()].sort()).toEqual(['t', 'u'])
    core.close()
  })

  it('asks once more when metadata is too old', async () => {
    const { clock, cluster, core } = await setUp(1, { metadataMaxAgeMs: 1000 })
    await clock.run(core.topic('t'))
    core.updateIfOld()
    await clock.settle()
    expect(asked(cluster)).toBe(1)
    await clock.advance(1001)
    core.updateIfOld()
    await clock.settle()
    expect(asked(cluster)).toBe(2)
    core.close()
  })

  it('keeps what it knew against brokers that lag behind', async () => {
    const { clock, cluster, core } = await setUp(2)
    const log = cluster.log('t')
    cluster.move(log, 1)
    await clock.run(core.topic('t'))
    log.leader = 0
    log.leaderEpoch = 0
    await clock.run(core.refresh(['t']))
    expect(core.metadata.partition('t', 0)).toMatchObject({ leader: 1, leaderEpoch: 1 })
    const topic = cluster.topics.get('t')
    cluster.topics.delete('t')
    await clock.run(core.refresh(['t']))
    expect(core.metadata.topic('t')).toMatchObject({
      errorCode: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION,
      partitions: [{ leader: 1 }],
    })
    // Made anew it is another topic, and its epochs begin again.
    cluster.topics.set('t', { id: '00000000000000000099AA', logs: topic?.logs ?? [] })
    await clock.run(core.refresh(['t']))
    expect(core.metadata.partition('t', 0)).toMatchObject({ leader: 0, leaderEpoch: 0 })
    expect(core.metadata.partition('t', 1)).toBeUndefined()
    core.close()
  })
})
