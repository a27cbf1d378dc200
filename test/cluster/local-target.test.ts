import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { Admin, Consumer, Producer } from '../../src/client/index.ts'
import {
  DataDirectory,
  hostDirectory,
  type LocalTarget,
  openLocalTarget,
  systemPorts,
} from '../../src/cluster/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Each of them is what one process would have; they meet in the directory and in its lock only. */
function participants(): { dataDir: string; join: () => LocalTarget } {
  const dataDir = path.join(temporaryDirectory(), 'data')
  const locks = new FileLocks()
  const join = () => {
    const target = openLocalTarget(systemPorts({ locks }), dataDir)
    onTestFinished(() => target.close())
    return target
  }
  return { dataDir, join }
}

async function withAdmin<T>(target: LocalTarget, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(target.clientOptions)
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

function createOrders(target: LocalTarget): Promise<unknown> {
  return withAdmin(target, (admin) =>
    admin.createTopics([{ name: 'orders', numPartitions: 3, replicationFactor: 3 }]),
  )
}

async function readAll(target: LocalTarget): Promise<string[]> {
  const consumer = new Consumer(target.clientOptions)
  const partitions = [0, 1, 2].map((partition) => ({ topic: 'orders', partition }))
  consumer.assign(partitions.map((at) => ({ ...at, from: 'earliest' as const })))
  const ends = await consumer.offsets(partitions.map((at) => ({ ...at, spec: 'latest' as const })))
  const values: string[] = []
  const isBehind = () =>
    ends.some(({ topic, partition, offset }) => (consumer.position({ topic, partition }) ?? 0) < offset)
  while (isBehind())
    for (const record of await consumer.poll(1000)) values.push(record.value?.toString() ?? '')
  await consumer.close()
  return values
}

function logFiles(dataDir: string, partition: number): Buffer[] {
  return [0, 1, 2].map((broker) =>
    fs.readFileSync(
      path.join(dataDir, `broker-${broker}`, `orders-${partition}`, '00000000000000000000.log'),
    ),
  )
}

describe('a local data directory', () => {
  it('may have a comma in its path, which ends a name in log.dirs', async () => {
    const dir = path.join(temporaryDirectory(), 'one,two')
    const target = openLocalTarget(systemPorts(), dir)
    await createOrders(target)
    await target.close()
    expect(fs.readdirSync(path.dirname(dir))).toEqual(['one,two'])
    expect(fs.existsSync(path.join(dir, 'broker-0', 'orders-0'))).toBe(true)
  })

  it('is a cluster of three brokers whose replicas are the same on disk', async () => {
    const { dataDir, join } = participants()
    const target = join()
    await createOrders(target)
    const producer = new Producer(target.clientOptions)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        producer.send({ topic: 'orders', key: `${index}`, value: `${index}` }),
      ),
    )
    await producer.close()
    expect((await readAll(target)).sort()).toEqual(
      Array.from({ length: 500 }, (_, index) => `${index}`).sort(),
    )
    await target.close()
    for (const partition of [0, 1, 2]) {
      const [first, ...others] = logFiles(dataDir, partition)
      expect(first?.length).toBeGreaterThan(0)
      for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true)
    }
    expect(fs.existsSync(path.join(dataDir, 'server.json'))).toBe(false)
    expect(fs.readdirSync(dataDir).filter((name) => name.endsWith('.sock'))).toEqual([])
  })

  it('is served by one and used by all', async () => {
    const { join } = participants()
    const [first, second, third] = [join(), join(), join()]
    await createOrders(first)
    expect(
      await withAdmin(second, async (admin) => (await admin.listTopics()).map((topic) => topic.name)),
    ).toEqual(['orders'])
    await withAdmin(third, (admin) => admin.describeCluster())
    expect([first.isHost, second.isHost, third.isHost]).toEqual([true, false, false])
  })

  it('starts as it was left: no leader moves and no epoch is raised', async () => {
    const { join } = participants()
    const first = join()
    await createOrders(first)
    const describe = (target: LocalTarget) =>
      withAdmin(target, async (admin) => (await admin.describeTopics(['orders']))[0]?.partitions)
    const before = await describe(first)
    await first.close()
    expect(await describe(join())).toEqual(before)
  })

  it('has nothing left of a topic whose deletion was the last thing asked for', async () => {
    const { dataDir, join } = participants()
    const first = join()
    await createOrders(first)
    await withAdmin(first, (admin) => admin.deleteTopics(['orders']))
    await first.close()
    const names = [0, 1, 2].flatMap((broker) => fs.readdirSync(path.join(dataDir, `broker-${broker}`)))
    expect(names.filter((name) => name.startsWith('orders') && !name.endsWith('-delete'))).toEqual([])
    expect(await createOrders(join())).toMatchObject([{ name: 'orders', error: null }])
  })

  it('goes over to another process without losing or repeating a record', async () => {
    const { join } = participants()
    const [first, second] = [join(), join()]
    await createOrders(first)
    const producer = new Producer(second.clientOptions, { batchSizeBytes: 500 })
    const total = 3000
    const answers: Promise<unknown>[] = []
    for (let index = 0; index < total; index++) {
      answers.push(producer.send({ topic: 'orders', value: `${index}` }))
      if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      if (index === total / 2) void first.close()
    }
    await Promise.all(answers)
    await producer.close()
    expect(second.isHost).toBe(true)
    const values = await readAll(second)
    expect(values).toHaveLength(total)
    expect(new Set(values).size).toBe(total)
  })

  it('is found through sockets elsewhere when its own path is too long for them', async () => {
    const { join } = participants()
    const deep = path.join(temporaryDirectory(), 'x'.repeat(120))
    const locks = new FileLocks()
    const open = () => openLocalTarget(systemPorts({ locks }), deep)
    const [first, second] = [open(), open()]
    onTestFinished(async () => {
      await second.close()
      await first.close()
    })
    await createOrders(first)
    expect(await withAdmin(second, async (admin) => (await admin.listTopics()).length)).toBe(1)
    expect(second.isHost).toBe(false)
    expect(join).toBeDefined()
  })
})

describe('hostDirectory', () => {
  it('gives way to who has the lock, and takes over when it is free', async () => {
    const ports = systemPorts()
    const directory = new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'data'))
    const first = await hostDirectory({ ports, directory, tcp: { host: '127.0.0.1', ports: [] } }, 'server')
    expect(first?.cluster.tcpAddresses).toHaveLength(3)
    expect(directory.readServerInfo()).toMatchObject({
      pid: process.pid,
      kind: 'server',
      addresses: first?.cluster.tcpAddresses,
    })
    expect(await hostDirectory({ ports, directory }, 'command')).toBeUndefined()
    await first?.shutdown()
    const second = await hostDirectory({ ports, directory }, 'command')
    expect(second).toBeDefined()
    await second?.shutdown()
  })

  it('leaves nothing running and the lock free when a port is in use', async () => {
    const ports = systemPorts()
    const one = new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'one'))
    const two = new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'two'))
    const first = await hostDirectory(
      { ports, directory: one, tcp: { host: '127.0.0.1', ports: [] } },
      'server',
    )
    onTestFinished(() => first?.shutdown())
    const port = Number(first?.cluster.tcpAddresses[1]?.split(':')[1])
    const other = systemPorts()
    const failed = hostDirectory(
      { ports: other, directory: two, tcp: { host: '127.0.0.1', ports: [0, port, 0] } },
      'server',
    )
    await expect(failed).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: it is in use`)
    const again = await hostDirectory({ ports: other, directory: two }, 'command')
    expect(again).toBeDefined()
    await again?.shutdown()
  })

  it('refuses a log directory that somebody else has locked', async () => {
    const ports = systemPorts()
    const directory = new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'data'))
    ports.fs.mkdirSync(directory.brokerDir(1))
    const lock = ports.locks.tryLock(path.join(directory.brokerDir(1), '.lock'))
    onTestFinished(() => lock?.release())
    fs.writeFileSync(path.join(directory.path, 'kcli.json'), '{"version":1,"brokers":3}')
    await expect(hostDirectory({ ports, directory }, 'command')).rejects.toThrow(/is in use by another/)
  })
})
