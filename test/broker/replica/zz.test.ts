import { test } from 'vitest'
import { TestCluster, batchOf, turns } from './support/test-cluster.ts'
test('lat', async () => {
  const cluster = await TestCluster.start()
  await cluster.createTopic('t', [0, 1, 2], 1)
  await cluster.createTopic('u', [0, 1, 2], 3)
  const leader = cluster.broker(0)
  for (let i = 0; i < 300; i++) await leader.produce('t', ['x'])
  let t = performance.now()
  for (let i = 0; i < 1000; i++) await leader.produce('t', ['x'])
  console.log('sequential acks=all ms each', (performance.now() - t) / 1000)
  const value = 'v'.repeat(100)
  const batches = Array.from({ length: 400 }, () => batchOf(Array.from({ length: 1000 }, () => value)))
  const bytes = batches.reduce((n, b) => n + b.length, 0)
  t = performance.now()
  const c0 = process.cpuUsage()
  let next = 0
  await Promise.all(Array.from({ length: 5 }, async () => {
    while (next < batches.length) {
      const records = batches[next++]!
      const [r] = await leader.replicas.appendRecords({ requiredAcks: -1, timeoutMs: 30000, origin: 'client', entries: [{ topic: 't', partition: 0, records }] })
      if (r!.error !== 'NONE') throw new Error(r!.error)
    }
  }))
  const ms = performance.now() - t
  const c = process.cpuUsage(c0)
  console.log('MB/s rf3', bytes / 1e3 / ms, 'records/s', 400_000 / ms * 1000, 'cpu ms', c.user / 1000, c.system / 1000, 'wall', ms)
}, 60000)
