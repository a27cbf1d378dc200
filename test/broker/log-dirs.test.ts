import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, Consumer, Producer } from '../../src/client/index.ts'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { createTopics } from '../../src/protocol/messages/19-create-topics.ts'
import { describeLogDirs } from '../../src/protocol/messages/35-describe-log-dirs.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { eventually, TestCluster } from './support/test-cluster.ts'

const PARTITIONS = 4

const clusters: TestCluster[] = []
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.close()
})

/** Three brokers with two log directories each; each has every partition. */
async function start(): Promise<{ cluster: TestCluster; disk: FailingFileSystem }> {
  const disk = new FailingFileSystem()
  const cluster = await TestCluster.start({
    fs: disk,
    logDirsPerBroker: 2,
    properties: {
      'min.insync.replicas': '1',
      'replica.fetch.backoff.ms': '50',
      'offsets.topic.num.partitions': '2',
    },
  })
  clusters.push(cluster)
  await createTopic(cluster, 't')
  return { cluster, disk }
}

async function createTopic(cluster: TestCluster, name: string) {
  const connection = await cluster.connect(cluster.controller.id)
  const { topics } = await connection.send(createTopics, {
    topics: [{ name, numPartitions: PARTITIONS, replicationFactor: 3, assignments: [], configs: [] }],
    timeoutMs: 10_000,
  })
  expect(topics[0]?.errorCode).toBe(0)
}

async function partitionsOf(cluster: TestCluster, brokerId: number, topic: string) {
  const connection = await cluster.connect(brokerId)
  const { topics } = await connection.send(metadata, { topics: [{ name: topic }] })
  return topics[0]?.partitions ?? []
}

/** As the broker itself describes them: its directories, with the partitions of the topic in them. */
async function dirsOf(cluster: TestCluster, brokerId: number, topic: string) {
  const { results } = await (await cluster.connect(brokerId)).send(describeLogDirs, { topics: null })
  return results.map(({ logDir, errorCode, topics }) => ({
    logDir,
    errorCode,
    partitions: topics
      .filter(({ name }) => name === topic)
      .flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex))
      .sort(),
  }))
}

function clientOptions(cluster: TestCluster) {
  const { network, clock } = cluster
  const bootstrap = [0, 1, 2].map((id) => ({ kind: 'pipe', name: `broker-${id}.test` }) as const)
  const resolver = (host: string) => ({ kind: 'pipe', name: host }) as const
  return { bootstrap, network, clock, random: systemRandom, resolver }
}

/** Writes without an end and notes what was acknowledged, until it is told to stop. */
function keepProducing(cluster: TestCluster) {
  const producer = new Producer(clientOptions(cluster), { lingerMs: 0 })
  const acknowledged = new Set<string>()
  let isOver = false
  const work = (async () => {
    for (let i = 0; !isOver; i++) {
      const value = `v${i}`
      await producer.send({ topic: 't', partition: i % PARTITIONS, value })
      acknowledged.add(value)
    }
  })()
  return {
    acknowledged,
    stop: async () => {
      isOver = true
      await work
      await producer.close()
    },
  }
}

/** Every replica of the broker that lies in the directory is out; the others are in. */
async function expectOffline(cluster: TestCluster, brokerId: number, lost: readonly number[]) {
  const witness = (brokerId + 1) % 3
  await eventually(async () => {
    const partitions = await partitionsOf(cluster, witness, 't')
    const isSo = partitions.every(({ partitionIndex, leaderId, isrNodes, offlineReplicas }) => {
      const isLost = lost.includes(partitionIndex)
      return isLost
        ? leaderId !== brokerId && !isrNodes.includes(brokerId) && offlineReplicas.includes(brokerId)
        : isrNodes.length === 3 && offlineReplicas.length === 0
    })
    return isSo || undefined
  })
}

describe('replicas that go to the other directories of their brokers', () => {
  it('do so while records are written, with the offsets of groups, and are there after a restart', async () => {
    const { cluster } = await start()
    const admin = new Admin(clientOptions(cluster))
    const offsets = [{ topic: 't', partition: 0, offset: 7 }]
    await admin.alterConsumerGroupOffsets('group', offsets)
    const producing = keepProducing(cluster)
    await eventually(() => producing.acknowledged.size > 20 || undefined)
    const replicas = (await admin.describeLogDirs()).flatMap(({ broker, partitions }) =>
      partitions.map(({ topic, partition }) => ({ topic, partition, broker })),
    )
    expect(replicas.some(({ topic }) => topic === '__consumer_offsets')).toBe(true)
    const before = await admin.describeReplicaLogDirs(replicas)
    const wanted = before.map(({ topic, partition, broker, currentLogDir }) => {
      const logDir = cluster.logDirs(broker).find((dir) => dir !== currentLogDir) ?? ''
      return { topic, partition, broker, logDir }
    })
    const results = await admin.alterReplicaLogDirs(wanted)
    expect(results.map(({ error }) => error)).toEqual(wanted.map(() => null))
    const areThere = async () => {
      const infos = await admin.describeReplicaLogDirs(wanted)
      return infos.every(
        ({ currentLogDir, futureLogDir }, i) => currentLogDir === wanted[i]?.logDir && futureLogDir === null,
      )
    }
    await eventually(async () => (await areThere()) || undefined)
    const acknowledgedThen = producing.acknowledged.size
    await eventually(() => producing.acknowledged.size > acknowledgedThen + 20 || undefined)
    await producing.stop()
    await admin.alterConsumerGroupOffsets('other', offsets)
    const [unknown] = await admin.alterReplicaLogDirs([
      { topic: 't', partition: 0, broker: 1, logDir: '/nowhere' },
    ])
    expect(unknown?.error?.errorName).toBe('LOG_DIR_NOT_FOUND')
    for (const id of [0, 1, 2]) {
      await cluster.brokers.get(id)?.shutdown({ controlled: true })
      cluster.brokers.delete(id)
    }
    await cluster.startBrokers([0, 1, 2])
    await eventually(async () => (await areThere()) || undefined)
    for (const group of ['group', 'other']) {
      const [listed] = await admin.listConsumerGroupOffsets([group])
      expect(listed?.offsets).toMatchObject(offsets)
    }
    const consumer = new Consumer(clientOptions(cluster), { autoOffsetReset: 'earliest' })
    consumer.assign(
      [...Array(PARTITIONS).keys()].map((partition) => ({ topic: 't', partition, from: 'earliest' })),
    )
    const seen: string[] = []
    await eventually(async () => {
      for (const { value } of await consumer.poll(50)) seen.push(Buffer.from(value ?? []).toString())
      return seen.length >= producing.acknowledged.size || undefined
    })
    expect(new Set(seen)).toEqual(producing.acknowledged)
    await consumer.close()
    await admin.close()
  })
})

describe('a log directory that fails', () => {
  it('while records are written: leaders move, nobody loses anything, and after a restart all are back', async () => {
    const { cluster, disk } = await start()
    const consumer = new Consumer(clientOptions(cluster), { autoOffsetReset: 'earliest' })
    consumer.assign(
      [...Array(PARTITIONS).keys()].map((partition) => ({ topic: 't', partition, from: 'earliest' })),
    )
    const seen = new Map<string, number>()
    const consumeUntil = (isEnough: () => boolean) =>
      eventually(async () => {
        for (const { value } of await consumer.poll(50)) {
          const text = Buffer.from(value ?? []).toString()
          seen.set(text, (seen.get(text) ?? 0) + 1)
        }
        return isEnough() || undefined
      })
    const producing = keepProducing(cluster)
    await consumeUntil(() => seen.size > 20)

    const [before] = await partitionsOf(cluster, 0, 't')
    const victim = before?.leaderId ?? -1
    const dirs = await dirsOf(cluster, victim, 't')
    const failing = dirs.find(({ partitions }) => partitions.includes(before?.partitionIndex ?? -1))
    const { logDir: failed = '', partitions: lost = [] } = failing ?? {}
    expect([failed, lost.length]).toEqual([expect.stringContaining(`broker-${victim}`), PARTITIONS / 2])
    disk.failNext('write', new RegExp(`^${failed}/t-`), 'EIO', { times: 1000 })

    await expectOffline(cluster, victim, lost)
    const acknowledgedThen = producing.acknowledged.size
    await eventually(() => producing.acknowledged.size > acknowledgedThen + 20 || undefined)
    const described = await dirsOf(cluster, victim, 't')
    expect(described.map(({ errorCode }) => errorCode).sort()).toEqual([0, ERROR_CODES.KAFKA_STORAGE_ERROR])
    expect(described.find(({ logDir }) => logDir === failed)?.partitions).toEqual([])

    await createTopic(cluster, 'new')
    const fresh = await dirsOf(cluster, victim, 'new')
    expect(fresh.find(({ logDir }) => logDir !== failed)?.partitions).toEqual([0, 1, 2, 3])

    await producing.stop()
    await consumeUntil(() => [...producing.acknowledged].every((value) => seen.has(value)))
    expect([...seen].filter(([, times]) => times > 1)).toEqual([])
    await consumer.close()
    expect(cluster.fatalErrors).toEqual([])

    await cluster.brokers.get(victim)?.shutdown({ controlled: true })
    cluster.brokers.delete(victim)
    expect(fs.existsSync(path.join(failed, '.kafka_cleanshutdown'))).toBe(false)
    disk.failNothing()
    await cluster.startBrokers([victim])
    await expectOffline(cluster, victim, [])
    const after = await dirsOf(cluster, victim, 't')
    expect(after.find(({ logDir }) => logDir === failed)).toMatchObject({ errorCode: 0, partitions: lost })
  })

  it('before the start: its replicas are offline, the others serve, and new ones go where there is a disk', async () => {
    const { cluster } = await start()
    const dirs = await dirsOf(cluster, 1, 't')
    const lost = dirs[1]?.partitions ?? []
    const failed = cluster.logDirs(1)[1] ?? ''
    await cluster.brokers.get(1)?.shutdown({ controlled: true })
    cluster.brokers.delete(1)
    fs.renameSync(failed, `${failed}.away`)
    fs.writeFileSync(failed, 'not a directory')
    await cluster.startBrokers([1])
    await expectOffline(cluster, 1, lost)
    expect((await dirsOf(cluster, 1, 't')).map(({ errorCode }) => errorCode)).toEqual([
      0,
      ERROR_CODES.KAFKA_STORAGE_ERROR,
    ])
    await createTopic(cluster, 'new')
    expect((await dirsOf(cluster, 1, 'new'))[0]?.partitions).toEqual([0, 1, 2, 3])
    fs.rmSync(failed)
  })

  it('as the last one of a broker is the end of it, and the cluster goes on', async () => {
    const { cluster, disk } = await start()
    const producing = keepProducing(cluster)
    await eventually(() => producing.acknowledged.size > 10 || undefined)
    disk.failNext('write', new RegExp(`^${cluster.logDir(2)}(-2)?/`), 'EIO', { times: 1000 })
    const error = await eventually(() => cluster.fatalErrors[0])
    expect(error).toMatchObject({
      code: 'KCLI_LOG_DIRS_FAILED',
      message: expect.stringContaining('broker-2'),
    })
    // Its owner ends it then, as a process ends itself.
    await cluster.brokers.get(2)?.shutdown({ controlled: false })
    cluster.brokers.delete(2)
    const acknowledgedThen = producing.acknowledged.size
    await eventually(() => producing.acknowledged.size > acknowledgedThen + 20 || undefined)
    await producing.stop()
  })

  it('that is full for followers only: they leave the ISR at once, and are back when they can write', async () => {
    const { cluster, disk } = await start()
    const [first] = await partitionsOf(cluster, 0, 't')
    const leader = first?.leaderId ?? -1
    const others = [0, 1, 2].filter((id) => id !== leader)
    const path = `(${others.map((id) => cluster.logDir(id)).join('|')})(-2)?/t-0/`
    const producer = new Producer(clientOptions(cluster))
    await producer.send({ topic: 't', partition: 0, value: 'before' })
    disk.failNext('write', new RegExp(`^${path}`), 'ENOSPC', { times: 1_000_000 })
    // The ISR shrinks in a new leader epoch, for which the leader has no room either.
    disk.failNext('writeFile', /leader-epoch-checkpoint/, 'ENOSPC', { times: 1_000_000 })
    // With acks=all: much sooner than replica.lag.time.max.ms.
    const sentMs = performance.now()
    await producer.send({ topic: 't', partition: 0, value: 'x' })
    expect(performance.now() - sentMs).toBeLessThan(10_000)
    const isrOf = async (partition: number) =>
      (await partitionsOf(cluster, leader, 't')).find((each) => each.partitionIndex === partition)?.isrNodes
    expect(await isrOf(0)).toEqual([leader])
    expect((await isrOf(1))?.length).toBe(3)
    const consumer = new Consumer(clientOptions(cluster))
    consumer.assign([{ topic: 't', partition: 0, from: 'earliest' }])
    const seen: string[] = []
    await eventually(async () => {
      for (const { value } of await consumer.poll(50)) seen.push(String(value))
      return seen.length === 2 || undefined
    })
    expect(seen).toEqual(['before', 'x'])
    await consumer.close()
    await producer.close()
    for (const id of others) {
      expect((await dirsOf(cluster, id, 't')).map(({ errorCode }) => errorCode)).toEqual([0, 0])
      await cluster.brokers.get(id)?.shutdown({ controlled: true })
      cluster.brokers.delete(id)
    }
    disk.failNothing()
    await cluster.startBrokers(others)
    await eventually(async () => (await isrOf(0))?.length === 3 || undefined)
  })
})
