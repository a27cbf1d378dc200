/** Brokers of one process, whose disks fail one after another. */
import path from 'node:path'
import { expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { BreakableCluster } from './support/breakable-cluster.ts'

const FOREVER = Number.POSITIVE_INFINITY

async function setup() {
  const fs = new FailingFileSystem()
  const told: string[] = []
  const logger = { ...silentLogger, error: (message: string) => void told.push(message) }
  const cluster = await BreakableCluster.start({}, path.join(temporaryDirectory(), 'data'), { fs, logger })
  await cluster.createTopic()
  const breakDisk = (broker: number) => {
    const files = new RegExp(`/broker-${broker}/`)
    for (const operation of ['write', 'truncate', 'writeFile'] as const)
      fs.failNext(operation, files, 'EIO', { times: FOREVER })
  }
  return { fs, told, cluster, breakDisk, producer: cluster.producer() }
}

const send = (producer: ReturnType<BreakableCluster['producer']>, value: string) =>
  producer.send({ topic: 'orders', partition: 0, value })

it('a broker without a log directory ends, the others go on, and it comes back when the disk is well', async () => {
  const { fs, told, cluster, breakDisk, producer } = await setup()
  await send(producer, 'before')
  breakDisk(1)
  await send(producer, 'meanwhile')
  await cluster.until('it is out', ({ leader, isr }) => leader === 2 && !isr.includes(1))
  expect(cluster.cluster.brokers.map(({ id }) => id)).toEqual([0, 2])
  expect(cluster.faults.states.map(({ state }) => state)).toEqual(['up', 'killed', 'up'])
  expect(told.at(-1)).toMatch(/^broker 1 ends, the others go on; .* kcli cluster revive 1$/)
  fs.failNothing()
  await cluster.faults.revive([1])
  await cluster.until('it has caught up', ({ isr }) => isr.length === 3)
  expect(await cluster.values('orders')).toEqual(['before', 'meanwhile'])
})

it('the last one takes the cluster with it', async () => {
  const { cluster, breakDisk, producer } = await setup()
  for (const [broker, left] of [
    [1, [0, 2]],
    [2, [0]],
  ] as const) {
    breakDisk(broker)
    await send(producer, `without ${broker}`)
    await cluster.until('it is out', ({ isr }) => !isr.includes(broker))
    expect(cluster.cluster.brokers.map(({ id }) => id)).toEqual(left)
  }
  breakDisk(0)
  await send(cluster.producer({ acks: 0 }), 'nobody')
  expect((await cluster.failure).message).toMatch(/EIO/)
})
