import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { alterReplicaLogDirs } from '../../../src/protocol/messages/34-alter-replica-log-dirs.ts'
import { describeLogDirs } from '../../../src/protocol/messages/35-describe-log-dirs.ts'
import { batchOf, bytesOf, type ClusterOptions, TestCluster, turns, values } from './support/test-cluster.ts'

const DIRS = ['/logs', '/logs-2', '/logs-3']

async function start(options: ClusterOptions = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start({ brokers: 2, moreLogDirs: DIRS.slice(1), ...options })
  await cluster.createTopic('t', [0, 1])
  return cluster
}

/** So slow that nothing arrives before a test ends it. */
function held(): { limits: NonNullable<ClusterOptions['logDirMoves']>; release: () => void } {
  let bytesPerSecond = 1
  const limits = { threads: 1, bytesPerSecond: () => bytesPerSecond, windowCount: 11, windowMs: 1000 }
  return {
    limits,
    release: () => {
      bytesPerSecond = Number.POSITIVE_INFINITY
    },
  }
}

/** Over the wire; the error of the one partition. */
async function alter(cluster: TestCluster, id: number, path: string, topic = 't', version = 2) {
  const connection = await cluster.connect(id)
  const request = { dirs: [{ path, topics: [{ name: topic, partitions: [0] }] }] }
  const { results } = await connection.send(alterReplicaLogDirs, request, { version })
  const [result] = results
  expect(results).toHaveLength(1)
  expect(result?.topicName).toBe(topic)
  return Object.entries(ERROR_CODES).find(([, code]) => code === result?.partitions[0]?.errorCode)?.[0]
}

/** Where the partition is on a broker: `/logs`, and with a copy on its way `/logs /logs-2 future 5`. */
async function placesOf(cluster: TestCluster, id: number, topic = 't') {
  const { results } = await (await cluster.connect(id)).send(describeLogDirs, { topics: null })
  return results.flatMap(({ logDir, topics }) =>
    topics
      .filter(({ name }) => name === topic)
      .flatMap(({ partitions }) => partitions)
      .map(({ isFutureKey, offsetLag }) =>
        isFutureKey ? `${logDir} future ${offsetLag}` : `${logDir} ${offsetLag}`,
      ),
  )
}

const dirOf = (cluster: TestCluster, id: number) => cluster.broker(id).log('t').logDir
const notIn = (cluster: TestCluster, id: number, ...more: string[]) =>
  DIRS.filter((dir) => dir !== dirOf(cluster, id) && !more.includes(dir))[0] as string
const isIn = (cluster: TestCluster, id: number, dir: string) => () => dirOf(cluster, id) === dir

async function produceMany(cluster: TestCluster, count: number, leader = 0): Promise<void> {
  for (let i = 0; i < count; i++) {
    const sent = cluster.broker(leader).produce('t', [`${i}`.repeat(500)])
    let isDone = false
    sent.finally(() => {
      isDone = true
    })
    await cluster.untilLater(() => isDone, 1)
    expect(await sent).toMatchObject({ error: 'NONE' })
  }
}

describe('AlterReplicaLogDirs', () => {
  test.each([0, 1, 2])('version %i brings a leader into another directory', async (version) => {
    const cluster = await start()
    await produceMany(cluster, 20)
    const to = notIn(cluster, 0)
    expect(await alter(cluster, 0, to, 't', version)).toBe('NONE')
    await cluster.untilLater(isIn(cluster, 0, to))
    expect(await placesOf(cluster, 0)).toEqual([`${to} 0`])
    await produceMany(cluster, 5)
    const { parts } = await cluster.broker(0).fetch({ topic: 't', fetchOffset: 0 })
    const onDisk = await cluster.broker(0).raw('t')
    expect((await bytesOf(parts)).equals(onDisk)).toBe(true)
    expect((await cluster.broker(1).raw('t')).equals(onDisk)).toBe(true)
  })

  test('follows the leader, whoever that is, while it copies', async () => {
    const { limits, release } = held()
    const cluster = await start({ logDirMoves: limits })
    await produceMany(cluster, 10)
    const to = [notIn(cluster, 0), notIn(cluster, 1)] as const
    for (const id of [0, 1]) expect(await alter(cluster, id, to[id] as string)).toBe('NONE')
    await turns(50)
    await cluster.elect('t-0', 1)
    await produceMany(cluster, 10, 1)
    await cluster.elect('t-0', 0)
    await produceMany(cluster, 10)
    release()
    for (const id of [0, 1]) await cluster.untilLater(isIn(cluster, id, to[id] as string), 50)
    const [ours, theirs] = [await cluster.broker(0).raw('t'), await cluster.broker(1).raw('t')]
    expect(theirs.equals(ours)).toBe(true)
    expect(await values(cluster.broker(0).log('t'))).toHaveLength(30)
    for (const epoch of [0, 1, 2]) {
      const ends = [0, 1].map((id) => cluster.broker(id).log('t').endOffsetForEpoch(epoch))
      expect(ends[1]).toEqual(ends[0])
    }
    expect(cluster.brokers.flatMap(({ errors }) => errors)).toEqual([])
  })

  test('says how far it is, and goes elsewhere, or nowhere, when it is told to', async () => {
    const { limits, release } = held()
    const cluster = await start({ logDirMoves: limits, config: { replicaFetchMaxBytes: 2000 } })
    await produceMany(cluster, 10)
    const from = dirOf(cluster, 0)
    const second = notIn(cluster, 0)
    const third = notIn(cluster, 0, second)
    await alter(cluster, 0, second)
    await cluster.until(() => (cluster.broker(0).logManager.moves.futureLog('t', 0)?.logEndOffset ?? 0) > 0)
    const copied = cluster.broker(0).logManager.moves.futureLog('t', 0)?.logEndOffset ?? 0
    expect(copied).toBeLessThan(10)
    expect((await placesOf(cluster, 0)).sort()).toEqual(
      [`${from} 0`, `${second} future ${10 - copied}`].sort(),
    )
    expect(await alter(cluster, 0, third)).toBe('NONE')
    expect((await placesOf(cluster, 0)).map((place) => place.replace(/\d+$/, '')).sort()).toEqual(
      [`${from} `, `${third} future `].sort(),
    )
    expect(await alter(cluster, 0, from)).toBe('NONE')
    expect(await placesOf(cluster, 0)).toEqual([`${from} 0`])
    release()
    await cluster.clock.advance(5000)
    await turns(50)
    expect(dirOf(cluster, 0)).toBe(from)
    await alter(cluster, 0, second)
    await cluster.untilLater(isIn(cluster, 0, second), 50)
  })

  test('remembers where a replica is to be that is not here yet', async () => {
    const cluster = await start()
    expect(await alter(cluster, 0, '/logs-3', 'new')).toBe('REPLICA_NOT_AVAILABLE')
    await cluster.createTopic('new', [0, 1])
    expect(cluster.broker(0).log('new').logDir).toBe('/logs-3')
  })

  test('refuses what cannot be', async () => {
    const cluster = await start()
    expect(await alter(cluster, 0, '/elsewhere')).toBe('LOG_DIR_NOT_FOUND')
    expect(await alter(cluster, 0, '/logs-2', 'x'.repeat(240))).toBe('INVALID_TOPIC_EXCEPTION')
    expect(await alter(cluster, 0, dirOf(cluster, 0))).toBe('NONE')
    const { logManager } = cluster.broker(0)
    const away = notIn(cluster, 0)
    const lost = cluster.broker(0).log('t').place.dir
    lost.fail('a test', new Error('broken'))
    cluster.broker(0).replicas.onLogDirFailure(lost.path)
    expect(await alter(cluster, 0, lost.path)).toBe('KAFKA_STORAGE_ERROR')
    expect(await alter(cluster, 0, away)).toBe('KAFKA_STORAGE_ERROR')
    expect(logManager.moves.futures.size).toBe(0)
  })

  test('keeps to replica.alter.log.dirs.io.max.bytes.per.second', async () => {
    const rate = 20_000
    let bytesPerSecond = rate
    const limits = { threads: 1, bytesPerSecond: () => bytesPerSecond, windowCount: 11, windowMs: 1000 }
    const cluster = await start({ logDirMoves: limits, config: { replicaFetchMaxBytes: 4000 } })
    for (let i = 0; i < 150; i++) await cluster.broker(0).produce('t', ['x'.repeat(1000)], { acks: 1 })
    await alter(cluster, 0, notIn(cluster, 0))
    const copied = () => cluster.broker(0).logManager.moves.futureLog('t', 0)?.sizeBytes() ?? 0
    const perSecond: number[] = []
    for (let second = 0; second < 6; second++) {
      const before = copied()
      for (let step = 0; step < 20; step++) {
        await cluster.clock.advance(50)
        await turns(40)
      }
      perSecond.push(copied() - before)
    }
    const mean = perSecond.slice(2).reduce((sum, bytes) => sum + bytes, 0) / 4
    expect(mean).toBeGreaterThan(rate * 0.6)
    expect(mean).toBeLessThan(rate * 1.5)
    bytesPerSecond = Number.POSITIVE_INFINITY
    await cluster.untilLater(() => cluster.broker(0).logManager.moves.futures.size === 0, 50)
  })
})

describe('a move', () => {
  test('goes on after a restart, clean or not', async () => {
    for (const isClean of [true, false]) {
      const { limits, release } = held()
      const cluster = await start({ logDirMoves: limits, config: { replicaFetchMaxBytes: 2000 } })
      await produceMany(cluster, 10)
      const to = notIn(cluster, 0)
      await alter(cluster, 0, to)
      await cluster.until(() => (cluster.broker(0).logManager.moves.futureLog('t', 0)?.logEndOffset ?? 0) > 0)
      await cluster.broker(0).stop()
      if (!isClean) cluster.broker(0).forgetCleanStop()
      release()
      await cluster.broker(0).start()
      expect(dirOf(cluster, 0)).not.toBe(to)
      await cluster.elect('t-0', 0)
      await cluster.untilLater(isIn(cluster, 0, to), 50)
      expect(await values(cluster.broker(0).log('t'))).toHaveLength(10)
    }
  })

  test('stands still while the replica is stopped, and is given up when it is deleted', async () => {
    const { limits, release } = held()
    const cluster = await start({ logDirMoves: limits, config: { replicaFetchMaxBytes: 2000 } })
    await produceMany(cluster, 10)
    const to = notIn(cluster, 0)
    await alter(cluster, 0, to)
    await cluster.stopReplica(0, 't-0', { isDeleted: false })
    release()
    await cluster.clock.advance(5000)
    await turns(50)
    expect(dirOf(cluster, 0)).not.toBe(to)
    await cluster.elect('t-0', 0)
    await cluster.untilLater(isIn(cluster, 0, to), 50)
    const next = notIn(cluster, 0)
    await alter(cluster, 0, next)
    await cluster.stopReplica(0, 't-0')
    await turns(50)
    expect(cluster.broker(0).logManager.getLog('t', 0)).toBeUndefined()
    expect(await placesOf(cluster, 0)).toEqual([])
    expect(cluster.broker(0).logManager.moves.futures.size).toBe(0)
    expect(cluster.broker(0).errors).toEqual([])
  })

  test('ends with the directory it goes to, and the log stays', async () => {
    const { limits, release } = held()
    const cluster = await start({ logDirMoves: limits, config: { replicaFetchMaxBytes: 2000 } })
    await produceMany(cluster, 10)
    const from = dirOf(cluster, 0)
    await alter(cluster, 0, notIn(cluster, 0))
    const future = cluster.broker(0).logManager.moves.futureLog('t', 0)
    future?.place.dir.fail('a test', new Error('broken'))
    release()
    await produceMany(cluster, 3)
    await cluster.clock.advance(5000)
    await turns(50)
    expect(dirOf(cluster, 0)).toBe(from)
    expect(await placesOf(cluster, 0)).toEqual([`${from} 0`])
  })
})

test('appends with acks=all are answered while a log changes its directory', async () => {
  const cluster = await start()
  await produceMany(cluster, 3)
  let isOver = false
  let acknowledged = 0
  const produce = async () => {
    while (!isOver) {
      const result = await cluster.broker(0).replicas.appendRecords({
        requiredAcks: -1,
        timeoutMs: 30_000,
        origin: 'client',
        entries: [{ topic: 't', partition: 0, records: batchOf(['v']) }],
      })
      expect(result[0]).toMatchObject({ error: 'NONE' })
      acknowledged++
    }
  }
  const producers = [produce(), produce(), produce()]
  for (let i = 0; i < 4; i++) {
    for (const id of [0, 1]) {
      const to = notIn(cluster, id)
      await alter(cluster, id, to)
      await cluster.untilLater(isIn(cluster, id, to), 1)
    }
  }
  isOver = true
  let areDone = false
  const all = Promise.all(producers).finally(() => {
    areDone = true
  })
  await cluster.untilLater(() => areDone, 5)
  await all
  expect(acknowledged).toBeGreaterThan(3)
  expect(await values(cluster.broker(0).log('t'))).toHaveLength(acknowledged + 3)
  expect((await cluster.broker(1).raw('t')).equals(await cluster.broker(0).raw('t'))).toBe(true)
})
