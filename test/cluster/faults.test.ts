import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { Admin, type ClientOptions, Producer } from '../../src/client/index.ts'
import { DataDirectory, type HostedCluster, hostDirectory, systemPorts } from '../../src/cluster/index.ts'
import { localResolver } from '../../src/cluster/local-address.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function start(dataDir = path.join(temporaryDirectory(), 'data')) {
  const ports = systemPorts({ locks: new FileLocks() })
  const directory = new DataDirectory(ports.fs, dataDir)
  const hosted = (await hostDirectory({ ports, directory }, 'server')) as HostedCluster
  onTestFinished(() => hosted.shutdown())
  const { cluster } = hosted
  const { faults } = cluster
  if (faults === undefined) throw new Error('not breakable')
  const clientOptions: ClientOptions = {
    ...ports,
    bootstrap: cluster.bootstrap,
    resolver: localResolver(directory.path),
    requestTimeoutMs: 5000,
  }
  const admin = new Admin(clientOptions)
  onTestFinished(() => admin.close())
  return { hosted, cluster, faults, admin, clientOptions, dataDir }
}

it('x', async () => {
  const { faults, admin, clientOptions } = await start()
  await admin.createTopics([{ name: 't', numPartitions: 3, replicationFactor: 3 }])
  const producer = new Producer({ ...clientOptions })
  for (let i = 0; i < 10; i++) await producer.send({ topic: 't', partition: i % 3, value: `${i}` })
  console.log(faults.states)
  await faults.kill(['controller'], { sessionTimeoutMs: 300 })
  console.log(faults.states)
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  console.log(JSON.stringify((await admin.listTopics())[0]))
  await faults.revive(faults.states.filter((s) => s.state === 'killed').map((s) => s.id))
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  console.log(JSON.stringify((await admin.listTopics())[0]))
  await faults.pause([0], { sessionTimeoutMs: 300 })
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  await faults.resume([0])
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  await faults.partition([1], { sessionTimeoutMs: 300, zookeeper: true, isOneWay: false })
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  await faults.heal([])
  await Promise.all([0,1,2].map((partition) => producer.send({ topic: 't', partition, value: 'b' })))
  console.log(JSON.stringify((await admin.listTopics())[0]))
  await producer.close()
}, 30_000)
