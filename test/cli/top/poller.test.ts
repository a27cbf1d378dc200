import { describe, expect, it } from 'vitest'
import { tcpResolver } from '../../../src/base/resolver.ts'
import { BrokerLines } from '../../../src/cli/services/cluster/broker-lines.ts'
import { TopPoller } from '../../../src/cli/services/top/poller.ts'
import { listOffsets } from '../../../src/protocol/messages/02-list-offsets.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { answerMetadata } from '../../support/fake-answers.ts'
import { FakeCluster } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

async function open() {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, { brokers: 3 })
  const { network, bootstrap, resolver = tcpResolver } = cluster.clientOptions()
  const poller = new TopPoller({
    lines: new BrokerLines({ network, clock, patienceMs: 5_000, pauses: true }),
    clock,
    seeds: bootstrap.slice(0, 1),
    addressOf: resolver,
    shownAddress: ({ host, port }) => `${host}:${port}`,
    znodes: async () => undefined,
  })
  const asked = (key: number) => cluster.calls.filter(({ spec }) => spec.key === key)
  return { clock, cluster, poller, asked }
}

describe('the poller', () => {
  it('asks where logs begin once for each partition, and again from time to time', async () => {
    const { clock, cluster, poller, asked } = await open()
    cluster.addTopic('t', 3)
    const starts = () =>
      asked(listOffsets.key).flatMap(({ body }) =>
        body.topics.flatMap(({ partitions }: { partitions: { timestamp: number }[] }) =>
          partitions.filter(({ timestamp }) => timestamp === -2),
        ),
      ).length
    const look = await poller.look()
    expect(look?.partitions).toMatchObject(
      [0, 1, 2].map((partition) => ({ topic: 't', partition, startOffset: 0, endOffset: 0 })),
    )
    expect(starts()).toBe(3)
    await clock.advance(2_000)
    await poller.look()
    expect(starts()).toBe(3)
    cluster.addTopic('new', 1)
    expect((await poller.look())?.partitions).toMatchObject([{ topic: 'new', startOffset: 0 }, {}, {}, {}])
    expect(starts()).toBe(4)
    await clock.advance(10_000)
    await poller.look()
    expect(starts()).toBe(8)
    poller.close()
  })

  it('goes on when brokers go, says which, and finds the cluster again when all had gone', async () => {
    const { clock, cluster, poller } = await open()
    cluster.addTopic('t', 3)
    const states = async () => (await poller.look())?.brokers.map(({ state }) => state === 'up')
    expect(await states()).toEqual([true, true, true])
    const stop = (id: number) => {
      cluster.down.add(id)
      cluster.disconnect(id)
    }
    stop(0)
    await clock.advance(2_000)
    expect(await states()).toEqual([false, true, true])
    for (const id of [1, 2]) stop(id)
    await clock.advance(2_000)
    expect(await poller.look()).toBeUndefined()
    cluster.down.delete(2)
    await clock.advance(10_000)
    expect(await states()).toEqual([false, false, true])
    poller.close()
  })

  it('believes of two brokers the one that has heard of more elections', async () => {
    const { clock, cluster, poller, asked } = await open()
    const [log] = cluster.addTopic('t', 1)
    const leader = async () => (await poller.look())?.partitions[0]?.leader
    expect(await leader()).toBe(0)
    // The controller is cut off, and tells what was before.
    const [call] = asked(metadata.key)
    if (log === undefined || call === undefined) throw new Error('nothing was asked')
    const stale = answerMetadata(cluster, call, undefined)
    cluster.script = ({ broker, spec }) =>
      spec.key === metadata.key && broker === cluster.controller ? { answer: stale } : undefined
    cluster.move(log, 2)
    await clock.advance(2_000)
    expect(await leader()).toBe(2)
    poller.close()
  })
})
