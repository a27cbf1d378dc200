import { expect, test } from 'vitest'
import { TestCluster, values } from './support/test-cluster.ts'

test('acks=all: three logs with the same bytes', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2])
  const leader = cluster.broker(0)
  for (let i = 0; i < 20; i++) {
    const result = await leader.produce('t', [`a${i}`, `b${i}`])
    expect(result).toMatchObject({ error: 'NONE', baseOffset: 2 * i, lastOffset: 2 * i + 1 })
    expect(leader.log('t').highWatermark).toBe(2 * i + 2)
  }
  const expected = await leader.raw('t')
  expect(expected.length).toBeGreaterThan(1000)
  for (const broker of cluster.brokers) {
    expect(broker.log('t').logEndOffset).toBe(40)
    expect((await broker.raw('t')).equals(expected)).toBe(true)
    expect(broker.log('t').latestEpoch).toBe(0)
  }
  expect(await values(cluster.broker(2).log('t'), 38)).toEqual(['a19', 'b19'])
})
