import { describe, expect, it } from 'vitest'
import { BrokerLines } from '../../../src/cli/services/cluster/broker-lines.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { describeLogDirs } from '../../../src/protocol/messages/35-describe-log-dirs.ts'
import { FakeCluster } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

async function lines() {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock)
  const { network, bootstrap } = cluster.clientOptions()
  const all = new BrokerLines({ network, clock, patienceMs: 5_000, pauses: true })
  const [address] = bootstrap
  if (address === undefined) throw new Error('no broker')
  const ask = () => all.ask(address, (connection) => connection.send(metadata, { topics: [] }))
  const asked = () => cluster.calls.length
  return { clock, cluster, all, address, ask, asked }
}

describe('lines to brokers', () => {
  it('wait for an answer no longer than their patience, and leave the silent alone', async () => {
    const { clock, cluster, ask, asked } = await lines()
    expect(await ask()).toMatchObject({ brokers: expect.any(Array) })
    cluster.script = () => 'silence'
    const silent = ask()
    await clock.advance(4_999)
    cluster.script = () => undefined
    await clock.advance(1)
    expect(await silent).toBeUndefined()
    const before = asked()
    expect(await ask()).toBeUndefined()
    expect(asked()).toBe(before)
    await clock.advance(10_000)
    expect(await ask()).toMatchObject({ brokers: expect.any(Array) })
  })

  it('ask again soon who hangs up', async () => {
    const { clock, cluster, ask } = await lines()
    cluster.script = () => ({ drop: 'before' })
    expect(await ask()).toBeUndefined()
    cluster.script = () => undefined
    expect(await ask()).toBeUndefined()
    await clock.advance(250)
    expect(await ask()).toMatchObject({ brokers: expect.any(Array) })
  })

  it('stay when a broker does not serve something', async () => {
    const { all, address, ask, asked } = await lines()
    const unknown = await all.ask(address, (connection) => connection.send(describeLogDirs, { topics: null }))
    expect(unknown).toBeUndefined()
    expect(await ask()).toMatchObject({ brokers: expect.any(Array) })
    expect(asked()).toBeGreaterThan(0)
    all.close()
    expect(await ask()).toBeUndefined()
  })
})
