import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { systemRandom } from '../../src/base/random.ts'
import { OPEN_ACL_UNSAFE, ZooKeeperServer } from '../../src/zookeeper/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { copyGolden, open, readAll, treeHash } from './support.ts'

const CLUSTER = 'AAAAAAAAAAAAAAAAAAAAAQ'

interface Setup {
  readonly root?: string
  readonly clusterId?: string
  readonly leader?: number
  readonly isr?: string
}

/** The znodes of a cluster of the brokers 1 and 2 with one topic. The server is left running when `crash` is set. */
async function writeZnodes(dataDir: string, clusters: readonly Setup[], crash = false): Promise<void> {
  const server = await ZooKeeperServer.open({
    fs: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    dataDir,
    forceSync: false,
  })
  const client = await server.connect({ timeoutMs: 30_000 })
  const put = async (nodePath: string, text: string) => {
    let parent = ''
    for (const name of nodePath.split('/').slice(1, -1)) {
      parent += `/${name}`
      if ((await client.exists(parent)) === null) await client.create(parent, null, { acl: OPEN_ACL_UNSAFE })
    }
    await client.create(nodePath, Buffer.from(text), { acl: OPEN_ACL_UNSAFE })
  }
  for (const { root = '', clusterId = CLUSTER, leader = 2, isr = '2,1' } of clusters) {
    await put(`${root}/cluster/id`, `{"version":"1","id":"${clusterId}"}`)
    await put(
      `${root}/brokers/topics/segments`,
      '{"partitions":{"0":[2,1],"1":[1,2]},"adding_replicas":{},"removing_replicas":{},"version":3}',
    )
    const state = `{"controller_epoch":1,"leader":${leader},"version":1,"leader_epoch":7,"isr":[${isr}]}`
    await put(`${root}/brokers/topics/segments/partitions/0/state`, state)
    await put(`${root}/config/topics/segments`, '{"version":1,"config":{"segment.bytes":"1500"}}')
  }
  if (!crash) await client.close()
  await server.close()
}

function writeLogs(dir: string): string {
  const logDirs = [1, 2].map((id) => {
    const logDir = path.join(dir, `logs-${id}`)
    copyGolden(logDir, ['segments'])
    writeFileSync(path.join(logDir, 'meta.properties'), `broker.id=${id}\ncluster.id=${CLUSTER}\nversion=0\n`)
    return logDir
  })
  return logDirs.join(',')
}

describe('ZooKeeper’s files', () => {
  it.each([
    ['at the root', [{}]],
    ['under a chroot', [{ root: '/kafka/one' }]],
    ['beside another cluster', [{ clusterId: 'other' }, { root: '/mine' }]],
  ])('tell of assignments, leaders and settings: %s', async (_where, clusters: readonly Setup[]) => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), clusters)
    const before = treeHash(path.join(dir, 'zk'))
    const logs = writeLogs(dir)
    const { target, admin, warnings } = open(`${logs},${dir}/zk`)
    const [topic] = await admin.describeTopics(['segments'])
    expect(topic?.partitions).toEqual([
      expect.objectContaining({
        leader: 2,
        leaderEpoch: 7,
        replicas: [2, 1],
        isr: [2, 1],
        offlineReplicas: [],
      }),
      expect.objectContaining({ replicas: [1, 2], isr: [], offlineReplicas: [1, 2] }),
    ])
    expect(target.leaderOf('segments', 0)).toBe(2)
    expect(target.leaderOf('segments', 1)).toBeUndefined()
    const [configs] = await admin.describeConfigs([{ type: 'topic', name: 'segments' }])
    expect(configs?.entries.filter((entry) => entry.source === 'DYNAMIC_TOPIC_CONFIG')).toEqual([
      expect.objectContaining({ name: 'segment.bytes', value: '1500' }),
    ])
    expect(warnings).toEqual([])
    expect(target.readable([0, 1].map((partition) => ({ topic: 'segments', partition })))).toHaveLength(1)
    expect(warnings).toEqual([
      'segments-1 is left out: it is in none of the directories; broker 1 or 2 has it',
    ])
    expect(treeHash(path.join(dir, 'zk'))).toBe(before)
  })

  it('must be those of the cluster', async () => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), [{ clusterId: 'other' }])
    const logs = writeLogs(dir)
    expect(() => open(`${logs},${dir}/zk`)).toThrow(/are those of cluster other, the logs belong to AAAA/)
    await writeZnodes(path.join(dir, 'empty'), [])
    expect(() => open(`${logs},${dir}/empty`)).toThrow(/are not those of a Kafka cluster/)
  })

  it('may name no leader: the records are there all the same', async () => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), [{ leader: -1, isr: '2' }])
    const { target } = open(`${writeLogs(dir)},${dir}/zk`)
    expect(target.leaderOf('segments', 0)).toBeUndefined()
    const records = await readFirstPartition(target)
    expect(records).toBe(73)
  })

  it('may end in the middle of a write', async () => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), [{}], true)
    const log = newestLog(dir)
    const bytes = readFileSync(log)
    // A length that the rest of the file does not hold.
    const torn = Buffer.alloc(30, 1)
    torn.writeInt32BE(5000, 8)
    writeFileSync(log, Buffer.concat([bytes, torn]))
    const before = treeHash(path.join(dir, 'zk'))
    const { target, warnings } = open(`${writeLogs(dir)},${dir}/zk`)
    expect(target.hasClusterState).toBe(true)
    expect(target.leaderOf('segments', 0)).toBe(2)
    expect(warnings).toEqual([])
    expect(treeHash(path.join(dir, 'zk'))).toBe(before)
  })

  it('are done without when they are damaged', async () => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), [{}])
    const log = newestLog(dir)
    const bytes = readFileSync(log)
    bytes[60] = (bytes[60] ?? 0) ^ 0xff
    writeFileSync(log, bytes)
    const { target, warnings } = open(`${writeLogs(dir)},${dir}/zk`)
    expect(target.hasClusterState).toBe(false)
    expect(warnings).toEqual([expect.stringContaining('going on without the znodes')])
    expect(await readAll(target, 'segments')).toHaveLength(73)
  })

  it('decide which topics there are', async () => {
    const dir = temporaryDirectory()
    await writeZnodes(path.join(dir, 'zk'), [{}])
    const logs = writeLogs(dir)
    copyGolden(path.join(dir, 'logs-1'), ['gzip'])
    writeFileSync(
      path.join(dir, 'logs-1', 'meta.properties'),
      `broker.id=1\ncluster.id=${CLUSTER}\nversion=0\n`,
    )
    const { admin, warnings } = open(`${logs},${dir}/zk`)
    expect((await admin.listTopics()).map(({ name }) => name)).toEqual(['segments'])
    expect(warnings).toEqual([expect.stringContaining('the znodes know nothing of the topic gzip')])
  })
})

function newestLog(dir: string): string {
  const version = path.join(dir, 'zk', 'version-2')
  const logs = readdirSync(version).filter((name) => name.startsWith('log.'))
  return path.join(version, logs.sort().at(-1) ?? '')
}

async function readFirstPartition(target: Parameters<typeof readAll>[0]): Promise<number> {
  const { Consumer } = await import('../../src/client/index.ts')
  const consumer = new Consumer(target.clientOptions, { autoOffsetReset: 'none' })
  consumer.assign([{ topic: 'segments', partition: 0, from: 'earliest' }])
  await consumer.begin()
  let count = 0
  while ((consumer.position({ topic: 'segments', partition: 0 }) ?? 0) < 73)
    count += (await consumer.poll(50)).length
  await consumer.close()
  return count
}
