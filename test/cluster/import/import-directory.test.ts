import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Admin, Consumer, Producer } from '../../../src/client/index.ts'
import { type ImportOptions, importDirectory } from '../../../src/cluster/import/index.ts'
import { DataDirectory, hostDirectory, openLocalTarget, systemPorts } from '../../../src/cluster/index.ts'
import { ZooKeeperServer } from '../../../src/zookeeper/index.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const ports = systemPorts()

/** Directories as brokers leave them: those of `brokers` brokers, with a topic whose partitions all have a record. */
async function left(
  brokers: number,
  replicas = brokers,
): Promise<{ dir: string; logDirs: string[]; zookeeperDir: string }> {
  const dir = path.join(temporaryDirectory(), 'left')
  const directory = new DataDirectory(ports.fs, dir)
  directory.prepare(brokers)
  const target = openLocalTarget(ports, dir)
  const admin = new Admin(target.clientOptions)
  await admin.createTopics([{ name: 'orders', numPartitions: 3, replicationFactor: replicas }])
  const producer = new Producer(target.clientOptions)
  for (const partition of [0, 1, 2])
    await producer.send({ topic: 'orders', partition, key: null, value: Buffer.from(`order ${partition}`) })
  await producer.close()
  await admin.close()
  await target.close()
  const logDirs = Array.from({ length: brokers }, (_, id) => directory.brokerDir(id))
  return { dir, logDirs, zookeeperDir: directory.zookeeperDir }
}

function fresh(): DataDirectory {
  return new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'data'))
}

const start = (options: Omit<ImportOptions, 'ports' | 'inPlace'> & { inPlace?: boolean }) =>
  importDirectory({ ports, inPlace: false, ...options })

async function valuesIn(directory: DataDirectory): Promise<string[]> {
  const target = openLocalTarget(ports, directory.path)
  const consumer = new Consumer(target.clientOptions)
  consumer.assign([0, 1, 2].map((partition) => ({ topic: 'orders', partition, from: 'earliest' as const })))
  const values: string[] = []
  while (values.length < 3) for (const { value } of await consumer.poll(1000)) values.push(String(value))
  await consumer.close()
  await target.close()
  return values.sort()
}

const VALUES = ['order 0', 'order 1', 'order 2']

async function createNode(zookeeperDir: string, node: string, data: string): Promise<void> {
  const server = await ZooKeeperServer.open({ ...ports, dataDir: zookeeperDir })
  const client = await server.connect({ timeoutMs: 10_000 })
  const parents = path
    .dirname(node)
    .split('/')
    .filter((name) => name !== '')
  for (const i of parents.keys()) await client.create(`/${parents.slice(0, i + 1).join('/')}`, null)
  await client.create(node, Buffer.from(data))
  await server.close()
}

describe('an import', () => {
  it('copies the directories of all brokers, and leaves them alone', async () => {
    const source = await left(3)
    const before = fs.readdirSync(source.logDirs[0] ?? '').sort()
    const directory = fresh()
    const done: number[] = []
    const report = await start({ ...source, directory, onProgress: (bytes) => done.push(bytes) })
    expect(report).toMatchObject({
      topics: 1,
      partitions: 3,
      missingBrokers: [],
      lostPartitions: 0,
      hasAcls: false,
    })
    expect(report.brokers.map(({ id }) => id)).toEqual([0, 1, 2])
    expect(done.at(-1)).toBe(report.copiedBytes)
    expect(fs.readFileSync(path.join(directory.path, 'kcli.json'), 'utf8')).toBe(
      '{"version":1,"brokers":3}\n',
    )
    expect(fs.existsSync(path.join(directory.brokerDir(0), '.lock'))).toBe(false)
    expect(await valuesIn(directory)).toEqual(VALUES)
    expect(fs.readdirSync(source.logDirs[0] ?? '').sort()).toEqual(before)
  })

  it('works on the directories where they are, if told so', async () => {
    const source = await left(1)
    const directory = fresh()
    await start({ ...source, directory, inPlace: true })
    expect(fs.readdirSync(directory.path).sort()).toEqual(['kcli.json', 'zookeeper'])
    expect(directory.brokers).toEqual([{ id: 0, logDirs: source.logDirs }])
    expect(await valuesIn(directory)).toEqual(VALUES)
  })

  it('takes several directories of one broker with any id', async () => {
    const source = await left(1)
    const [first = ''] = source.logDirs
    const second = path.join(temporaryDirectory(), 'second')
    fs.mkdirSync(second)
    fs.copyFileSync(path.join(first, 'meta.properties'), path.join(second, 'meta.properties'))
    fs.renameSync(path.join(first, 'orders-1'), path.join(second, 'orders-1'))
    const directory = fresh()
    await start({ ...source, logDirs: [first, second], directory })
    const folders = directory.brokers.map(({ logDirs }) => logDirs.map((logDir) => path.basename(logDir)))
    expect(folders).toEqual([['broker-0', 'broker-0-2']])
    expect(await valuesIn(directory)).toEqual(VALUES)
  })

  it('tells which brokers and partitions are missing', async () => {
    const source = await left(3, 1)
    const report = await start({ ...source, logDirs: source.logDirs.slice(1, 2), directory: fresh() })
    expect(report).toMatchObject({ partitions: 3, missingBrokers: [0, 2], lostPartitions: 2 })
    expect(report.brokers.map(({ id }) => id)).toEqual([1])
  })

  it.each(['/kafka-acl/Topic/orders', '/kafka-acl-extended/prefixed/Group/mine'])(
    'tells of ACLs: %s',
    async (node) => {
      const source = await left(1)
      await createNode(source.zookeeperDir, node, '{"version":1,"acls":[]}')
      expect(await start({ ...source, directory: fresh() })).toMatchObject({ hasAcls: true })
    },
  )

  it('refuses directories that somebody works on', async () => {
    const source = await left(1)
    const served = new DataDirectory(ports.fs, source.dir)
    const host = await hostDirectory({ ports, directory: served }, 'server')
    onTestFinished(() => host?.shutdown())
    await expect(start({ ...source, directory: fresh() })).rejects.toThrow(/broker-0 is in use by a broker/)
  })

  it('refuses what does not belong together', async () => {
    const [one, other] = [await left(1), await left(1)]
    const directory = fresh()
    const wrong = [
      [{ ...one, zookeeperDir: other.zookeeperDir }, /belongs to the cluster \S+, and \S+ to \S+$/],
      [{ ...one, logDirs: [one.dir] }, /is no log directory of Apache Kafka/],
      [{ ...one, zookeeperDir: one.dir }, /is no data directory of ZooKeeper/],
      [{ ...one, directory: new DataDirectory(ports.fs, other.dir) }, /is a kcli data directory already/],
    ] as const
    for (const [options, message] of wrong)
      await expect(start({ directory, ...options })).rejects.toThrow(message)
    expect(fs.existsSync(directory.path)).toBe(false)
  })

  it('refuses a directory that was formatted for KRaft', async () => {
    const source = await left(1)
    const meta = path.join(source.logDirs[0] ?? '', 'meta.properties')
    fs.writeFileSync(meta, 'version=1\nnode.id=0\ncluster.id=abc\n')
    await expect(start({ ...source, directory: fresh() })).rejects.toThrow(/was formatted for KRaft/)
  })

  it.each([
    ['/kafka/cluster/id', /is below the chroot \/kafka$/],
    ['/other', /holds no Kafka cluster/],
    // A controller of KRaft, during a migration, has no session.
    ['/controller', /is being migrated to KRaft/],
  ])('refuses a tree with %s', async (node, message) => {
    const source = await left(1)
    const isMigration = node === '/controller'
    const zookeeperDir = isMigration ? source.zookeeperDir : path.join(temporaryDirectory(), 'zookeeper')
    const server = await ZooKeeperServer.open({ ...ports, dataDir: zookeeperDir })
    const client = await server.connect({ timeoutMs: 10_000 })
    const parents = path
      .dirname(node)
      .split('/')
      .filter((name) => name !== '')
    for (const i of parents.keys()) await client.create(`/${parents.slice(0, i + 1).join('/')}`, null)
    await client.create(node, Buffer.from('{"version":2,"brokerid":3000}'))
    await server.close()
    await expect(start({ ...source, zookeeperDir, directory: fresh() })).rejects.toThrow(message)
  })

  it('leaves nothing behind when it is interrupted', async () => {
    const source = await left(1)
    const directory = fresh()
    const interruption = new AbortController()
    const copying = start({
      ...source,
      directory,
      signal: interruption.signal,
      onProgress: () => interruption.abort(new Error('interrupted')),
    })
    await expect(copying).rejects.toThrow('interrupted')
    expect(fs.readdirSync(directory.path)).toEqual([])
  })
})
