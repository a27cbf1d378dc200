import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { Connection } from '../../src/client/net/index.ts'
import { DataDirectory, hostDirectory, systemPorts } from '../../src/cluster/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { findCoordinator } from '../../src/protocol/messages/10-find-coordinator.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Partitions and replicas of the offsets topic after the first group has asked for its coordinator. */
async function offsetsTopic(brokerCount: number, properties: Readonly<Record<string, string>> = {}) {
  const ports = systemPorts({ locks: new FileLocks() })
  const directory = new DataDirectory(ports.fs, path.join(temporaryDirectory(), 'data'))
  const hosted = await hostDirectory({ ports, directory, properties, brokerCount }, 'server')
  if (hosted === undefined) throw new Error('somebody holds the directory')
  onTestFinished(() => hosted.shutdown())
  const [address] = hosted.cluster.bootstrap
  if (address === undefined) throw new Error('no broker')
  const connection = await Connection.open(ports.network, address, {
    ...{ clientId: 'test', clock: ports.clock, connectTimeoutMs: 5000, requestTimeoutMs: 5000 },
  })
  onTestFinished(() => connection.close())
  const ask = () => connection.send(findCoordinator, { keyType: 0, coordinatorKeys: ['g'] })
  await expect.poll(async () => (await ask()).coordinators[0]?.errorCode, { timeout: 10_000 }).toBe(0)
  const { topics } = await connection.send(metadata, { topics: [{ name: '__consumer_offsets' }] })
  const partitions = topics[0]?.partitions ?? []
  return [partitions.length, partitions[0]?.replicaNodes.length]
}

it('a local directory keeps its groups in five partitions, on as many brokers as there are', async () => {
  expect(await offsetsTopic(3)).toEqual([5, 3])
  expect(await offsetsTopic(1)).toEqual([5, 1])
})

it('what is configured wins', async () => {
  const properties = { 'offsets.topic.num.partitions': '7', 'offsets.topic.replication.factor': '2' }
  expect(await offsetsTopic(2, properties)).toEqual([7, 2])
})
