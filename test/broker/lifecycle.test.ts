import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { produce } from '../../src/protocol/messages/00-produce.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { apiVersions } from '../../src/protocol/messages/18-api-versions.ts'
import { createTopics } from '../../src/protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../src/protocol/messages/20-delete-topics.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/44-incremental-alter-configs.ts'
import { BatchBuilder } from '../../src/records/index.ts'
import { eventually, TestCluster } from './support/test-cluster.ts'

const clusters: TestCluster[] = []
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.close()
})

async function startCluster(options?: Parameters<typeof TestCluster.start>[0]) {
  const cluster = await TestCluster.start(options)
  clusters.push(cluster)
  return cluster
}

async function createTopic(
  cluster: TestCluster,
  name: string,
  configs: { name: string; value: string }[] = [],
) {
  const connection = await cluster.connect(cluster.controller.id)
  // A topic of the same name that is being deleted is in the way until its files are gone.
  await eventually(async () => {
    const response = await connection.send(createTopics, {
      topics: [{ name, numPartitions: 3, replicationFactor: 3, assignments: [], configs }],
      timeoutMs: 10_000,
    })
    const errorCode = response.topics[0]?.errorCode
    if (errorCode === ERROR_CODES.TOPIC_ALREADY_EXISTS) return undefined
    expect(errorCode).toBe(0)
    return true
  })
}

/** Partition 0 as this broker knows it. */
async function partitionOf(cluster: TestCluster, brokerId: number, topic: string) {
  const connection = await cluster.connect(brokerId)
  const response = await connection.send(metadata, {
    topics: [{ name: topic }],
    allowAutoTopicCreation: false,
  })
  return response.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === 0)
}

async function send(cluster: TestCluster, topic: string, value: string) {
  return eventually(async () => {
    const [first] = [...cluster.brokers.keys()]
    const leader = (await partitionOf(cluster, first ?? 0, topic))?.leaderId ?? -1
    if (!cluster.brokers.has(leader)) return undefined
    const builder = new BatchBuilder()
    builder.append(1_700_000_000_000, null, Buffer.from(value))
    const connection = await cluster.connect(leader)
    const response = await connection.send(produce, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: builder.build() }] }],
    })
    const result = response.responses[0]?.partitionResponses[0]
    return result?.errorCode === ERROR_CODES.NOT_LEADER_OR_FOLLOWER ? undefined : result
  })
}

const changeConfig = async (
  cluster: TestCluster,
  resourceType: number,
  resourceName: string,
  name: string,
  value: string,
) => {
  const connection = await cluster.connect(cluster.controller.id)
  const response = await connection.send(incrementalAlterConfigs, {
    resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }],
  })
  expect(response.responses[0]).toMatchObject({ errorCode: 0, errorMessage: null })
}

describe('a cluster', () => {
  it('is after a clean stop as it was before: nothing is elected anew', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'kept')
    expect(await send(cluster, 'kept', 'before')).toMatchObject({ errorCode: 0, baseOffset: 0 })
    const before = await partitionOf(cluster, 0, 'kept')
    await cluster.stopBrokers()
    for (const id of [0, 1, 2]) {
      expect(fs.existsSync(path.join(cluster.logDir(id), '.kafka_cleanshutdown')), `broker ${id}`).toBe(true)
    }
    await cluster.startBrokers([0, 1, 2])
    expect(await partitionOf(cluster, 0, 'kept')).toEqual(before)
    expect(await send(cluster, 'kept', 'after')).toMatchObject({ errorCode: 0, baseOffset: 1 })
  })

  it('goes on when a broker dies, and takes it back', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'hardy')
    await send(cluster, 'hardy', 'one')
    const victim = (await partitionOf(cluster, 0, 'hardy'))?.leaderId ?? -1
    const broker = cluster.brokers.get(victim)
    cluster.brokers.delete(victim)
    await broker?.shutdown({ controlled: false })
    expect(await send(cluster, 'hardy', 'two')).toMatchObject({ errorCode: 0, baseOffset: 1 })
    await cluster.startBrokers([victim])
    await eventually(async () => {
      const partition = await partitionOf(cluster, victim, 'hardy')
      return partition?.isrNodes.length === 3 ? true : undefined
    })
    const log = (id: number) =>
      fs.readFileSync(path.join(cluster.logDir(id), 'hardy-0', '00000000000000000000.log'))
    expect(log(victim).equals(log((victim + 1) % 3))).toBe(true)
  })

  it('moves leaderships away ahead of a controlled shutdown', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'moved')
    await send(cluster, 'moved', 'one')
    const leaving = (await partitionOf(cluster, 0, 'moved'))?.leaderId ?? -1
    const broker = cluster.brokers.get(leaving)
    cluster.brokers.delete(leaving)
    await broker?.shutdown({ controlled: true })
    const [other] = [...cluster.brokers.keys()]
    const partition = await partitionOf(cluster, other ?? 0, 'moved')
    expect(partition?.leaderId).not.toBe(leaving)
    expect(partition?.leaderEpoch).toBe(1)
  })

  it('gives the controllership to another broker', async () => {
    const cluster = await startCluster()
    const before = cluster.controller
    cluster.brokers.delete(before.id)
    await before.shutdown({ controlled: true })
    const after = await eventually(() => [...cluster.brokers.values()].find((broker) => broker.isController))
    const connection = await cluster.connect(after.id)
    await eventually(async () => {
      const { controllerId } = await connection.send(metadata, { topics: [] })
      return controllerId === after.id ? true : undefined
    })
    await cluster.startBrokers([before.id])
    await createTopic(cluster, 'under-new-rule')
  })
})

describe('configuration changes', () => {
  it('of a topic take effect on its leader', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'small')
    expect((await send(cluster, 'small', 'x'.repeat(500))).errorCode).toBe(0)
    await changeConfig(cluster, 2, 'small', 'max.message.bytes', '200')
    await eventually(async () => {
      const { errorCode } = await send(cluster, 'small', 'x'.repeat(500))
      return errorCode === ERROR_CODES.MESSAGE_TOO_LARGE ? true : undefined
    })
  })

  it('of a new topic hold from its first record, also of one that was deleted before', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'tiny', [{ name: 'max.message.bytes', value: '200' }])
    expect((await send(cluster, 'tiny', 'x'.repeat(500))).errorCode).toBe(ERROR_CODES.MESSAGE_TOO_LARGE)
    const connection = await cluster.connect(cluster.controller.id)
    const response = await connection.send(deleteTopics, { topics: [{ name: 'tiny' }], timeoutMs: 10_000 })
    expect(response.responses[0]?.errorCode).toBe(0)
    await createTopic(cluster, 'tiny')
    expect((await send(cluster, 'tiny', 'x'.repeat(500))).errorCode).toBe(0)
  })

  it('of all brokers reach topics without a value of their own, and last', async () => {
    const cluster = await startCluster()
    await createTopic(cluster, 'plain')
    await changeConfig(cluster, 4, '', 'message.max.bytes', '200')
    const isRefused = () =>
      eventually(async () => {
        const { errorCode } = await send(cluster, 'plain', 'x'.repeat(500))
        return errorCode === ERROR_CODES.MESSAGE_TOO_LARGE ? true : undefined
      })
    await isRefused()
    await cluster.stopBrokers()
    await cluster.startBrokers([0, 1, 2])
    await isRefused()
  })
})

describe('a broker that cannot start', () => {
  it('says so, and leaves nothing behind', async () => {
    const cluster = await startCluster({ brokers: 1 })
    const twin = await cluster.makeBroker(0)
    await expect(twin.prepare()).rejects.toMatchObject({ code: 'KCLI_LISTEN' })
    await twin.shutdown({ controlled: false })

    fs.writeFileSync(cluster.logDir(5), 'not a directory')
    const homeless = await cluster.makeBroker(5)
    await expect(homeless.prepare()).rejects.toMatchObject({ code: 'KCLI_LOG_DIR_UNUSABLE' })
    await homeless.shutdown({ controlled: false })

    fs.mkdirSync(cluster.logDir(6))
    fs.writeFileSync(
      path.join(cluster.logDir(6), 'meta.properties'),
      'version=0\nbroker.id=6\ncluster.id=other\n',
    )
    const stranger = await cluster.makeBroker(6)
    await expect(stranger.prepare()).rejects.toMatchObject({ code: 'KCLI_INCONSISTENT_CLUSTER_ID' })
    await stranger.shutdown({ controlled: false })
    // The addresses are free again.
    fs.rmSync(cluster.logDir(6), { recursive: true })
    await cluster.startBrokers([6])
    expect(cluster.zookeeper.sessionCount).toBe(2)
  })

  it('because its id is taken', async () => {
    const cluster = await startCluster({ brokers: 1 })
    const session = await cluster.zookeeper.connect({ timeoutMs: 6000 })
    await session.create(
      '/brokers/ids/3',
      Buffer.from(
        '{"version":5,"endpoints":[],"host":"h","port":1,"jmx_port":-1,"timestamp":"1","listener_security_protocol_map":{},"features":{}}',
      ),
      { mode: 'ephemeral' },
    )
    const twin = await cluster.makeBroker(3)
    await twin.prepare()
    await expect(twin.register()).rejects.toMatchObject({ code: 'KCLI_BROKER_ID_IN_USE' })
    await twin.shutdown({ controlled: false })
    await session.close()
  })
})

describe('ApiVersions', () => {
  it('lists what is served, in the versions of Apache Kafka 3.9', async () => {
    const cluster = await startCluster({ brokers: 1 })
    const connection = await cluster.connect(0)
    const response = await connection.send(apiVersions, {
      clientSoftwareName: 'test',
      clientSoftwareVersion: '1',
    })
    const golden = JSON.parse(
      fs.readFileSync(path.join(import.meta.dirname, '../golden/protocol/18-ApiVersions-v4.json'), 'utf8'),
    ) as { response: { apiKeys: { apiKey: number; minVersion: number; maxVersion: number }[] } }
    const served = new Set(response.apiKeys.map(({ apiKey }) => apiKey))
    expect(response.apiKeys).toEqual(golden.response.apiKeys.filter(({ apiKey }) => served.has(apiKey)))
    for (const key of [0, 1, 2, 3, 4, 5, 6, 7, 10, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 44, 56, 60, 67]) {
      expect(served, `api ${key}`).toContain(key)
    }
    expect(response).toMatchObject({ errorCode: 0, finalizedFeaturesEpoch: 0, supportedFeatures: [] })
  })
})
