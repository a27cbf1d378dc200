import { describe, expect, it } from 'vitest'
import { ConnectionMetrics, Metrics, Sensor } from '../../../src/client/metrics/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setUp(numSamples = 2, sampleWindowMs = 1000) {
  const clock = new ManualClock()
  return { clock, options: { clock, numSamples, sampleWindowMs } }
}

describe('Sensor', () => {
  it('counts a window that has just begun as long as all but the last', async () => {
    const { clock, options } = setUp()
    const sensor = new Sensor(options)
    expect(sensor.rate).toBe(0)
    sensor.record(500)
    // One whole window of 1000 ms is assumed before the first.
    expect(sensor.rate).toBe(500)
    expect(sensor.countRate).toBe(1)
    await clock.advance(1000)
    sensor.record(100)
    expect(sensor.rate).toBe(600)
    await clock.advance(500)
    expect(sensor.rate).toBe(400)
  })

  it('forgets old windows, and never the totals', async () => {
    const { clock, options } = setUp()
    const sensor = new Sensor(options)
    sensor.record(500)
    await clock.advance(1000)
    sensor.record(100)
    await clock.advance(999)
    expect(sensor.avg).toBe(300)
    expect(sensor.max).toBe(500)
    await clock.advance(1)
    expect(sensor.avg).toBe(100)
    expect(sensor.max).toBe(100)
    await clock.advance(1000)
    expect(sensor.avg).toBeNaN()
    expect(sensor.max).toBeNaN()
    expect(sensor.rate).toBe(0)
    expect([sensor.total, sensor.count]).toEqual([600, 2])
  })

  it('keeps as many windows as it is told', async () => {
    const { clock, options } = setUp(3)
    const sensor = new Sensor(options)
    for (let i = 1; i <= 10; i++) {
      sensor.record(i)
      await clock.advance(1000)
    }
    // The one of 8 ended 2000 ms ago, and began 3000 ms ago.
    expect(sensor.avg).toBe(9.5)
  })
})

describe('Metrics', () => {
  it('shows each sensor under its names, with the tags of the client', () => {
    const { options } = setUp()
    const metrics = new Metrics({ ...options, tags: { 'client-id': 'me' } })
    const sensor = metrics.sensor('g', { total: 'x-total', max: 'x-max' }, { topic: 't' })
    metrics.gauge('g', 'y', () => 3)
    sensor.record(7)
    expect(metrics.values()).toEqual([
      { name: 'x-total', group: 'g', tags: { 'client-id': 'me', topic: 't' }, value: 7 },
      { name: 'x-max', group: 'g', tags: { 'client-id': 'me', topic: 't' }, value: 7 },
      { name: 'y', group: 'g', tags: { 'client-id': 'me' }, value: 3 },
    ])
    metrics.remove('g', { topic: 't' })
    expect(metrics.values().map(({ name }) => name)).toEqual(['y'])
  })

  it('knows connections and what goes over them, by broker', () => {
    const { options } = setUp()
    const metrics = new Metrics({ ...options, tags: {} })
    const connections = new ConnectionMetrics(metrics, 'consumer')
    const [one, two] = [connections.connected(1), connections.connected(2)]
    connections.connected(2 ** 31 + 7)
    connections.disconnected()
    one.requested(10)
    two.requested(30)
    one.answered(5, 100)
    const value = (name: string, node?: string) =>
      metrics.values().find((metric) => metric.name === name && metric.tags['node-id'] === node)?.value
    expect(value('connection-count')).toBe(2)
    expect(value('connection-creation-total')).toBe(3)
    // Kafka's name of the connection to the coordinator that is broker 7.
    expect(value('request-total', 'node-2147483640')).toBe(0)
    expect([value('outgoing-byte-total'), value('outgoing-byte-total', 'node-2')]).toEqual([40, 30])
    expect([value('network-io-total'), value('request-total', 'node-1')]).toEqual([3, 1])
    expect([value('request-latency-max', 'node-1'), value('request-size-avg')]).toEqual([100, 20])
  })
})
