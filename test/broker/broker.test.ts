import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { produce } from '../../src/protocol/messages/00-produce.ts'
import { fetch } from '../../src/protocol/messages/01-fetch.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { createTopics } from '../../src/protocol/messages/19-create-topics.ts'
import { initProducerId } from '../../src/protocol/messages/22-init-producer-id.ts'
import { BatchBuilder } from '../../src/records/index.ts'
import { eventually, TestCluster } from './support/test-cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await TestCluster.start({
    ...(process.env.LOG
      ? { logger: { debug: console.log, info: console.log, warn: console.log, error: console.log } }
      : {}),
  })
})
afterAll(async () => {
  await cluster.close()
})

async function createTopic(name: string, partitions = 3, replicationFactor = 3) {
  const connection = await cluster.connect(cluster.controller.id)
  const response = await connection.send(createTopics, {
    topics: [{ name, numPartitions: partitions, replicationFactor, assignments: [], configs: [] }],
    timeoutMs: 10_000,
  })
  return response.topics[0]
}

async function leaderOf(topic: string, partition: number): Promise<number> {
  const connection = await cluster.connect(0)
  return eventually(async () => {
    const response = await connection.send(metadata, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    })
    const found = response.topics[0]?.partitions.find((each) => each.partitionIndex === partition)
    return found?.errorCode === 0 && found.isrNodes.length === 3 ? found.leaderId : undefined
  })
}

describe('three brokers in one process', () => {
  it('start, and one of them is the controller', async () => {
    expect([...cluster.brokers.values()].filter((broker) => broker.isController)).toHaveLength(1)
    for (const id of [0, 1, 2]) {
      const connection = await cluster.connect(id)
      const response = await connection.send(metadata, { topics: [] })
      expect(response.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port }))).toEqual(
        [0, 1, 2].map((nodeId) => ({ nodeId, host: `broker-${nodeId}.test`, port: 9092 })),
      )
      expect(response.controllerId).toBe(cluster.controller.id)
    }
  })

  it('replicate what an idempotent producer writes, byte for byte', async () => {
    const created = await createTopic('orders')
    expect(created).toMatchObject({ errorCode: 0, numPartitions: 3, replicationFactor: 3 })
    const leader = await leaderOf('orders', 0)
    const connection = await cluster.connect(leader)
    const { producerId, producerEpoch, errorCode } = await connection.send(initProducerId, {
      transactionalId: null,
      transactionTimeoutMs: 0,
    })
    expect(errorCode).toBe(0)
    let sequence = 0
    const send = async (count: number) => {
      const builder = new BatchBuilder({ codec: 1, producerId, producerEpoch, baseSequence: sequence })
      for (let i = 0; i < count; i++) {
        builder.append(1_700_000_000_000, Buffer.from(`k${i}`), Buffer.from(`v${sequence + i}`))
      }
      sequence += count
      const records = builder.build()
      const response = await connection.send(produce, {
        acks: -1,
        timeoutMs: 10_000,
        topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
      })
      return response.responses[0]?.partitionResponses[0]
    }
    expect(await send(3)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send(100)).toMatchObject({ errorCode: 0, baseOffset: 3 })
    const fetched = await connection.send(fetch, {
      maxWaitMs: 1000,
      minBytes: 1,
      maxBytes: 1 << 20,
      topics: [
        {
          topicId: await topicId('orders'),
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }],
        },
      ],
    })
    const partition = fetched.responses[0]?.partitions[0]
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 103 })
    const log = (id: number) =>
      fs.readFileSync(path.join(cluster.logDir(id), 'orders-0', '00000000000000000000.log'))
    expect(log(leader).equals(partition?.records as Buffer)).toBe(true)
    for (const id of [0, 1, 2]) expect(log(id).equals(log(leader)), `broker ${id}`).toBe(true)
  })

  async function topicId(name: string): Promise<string> {
    const connection = await cluster.connect(0)
    const response = await connection.send(metadata, { topics: [{ name }] })
    return response.topics[0]?.topicId ?? ''
  }

  it('make a topic that a client asks for', async () => {
    const connection = await cluster.connect(1)
    const ask = () => connection.send(metadata, { topics: [{ name: 'auto' }], allowAutoTopicCreation: true })
    expect((await ask()).topics[0]?.errorCode).toBe(ERROR_CODES.LEADER_NOT_AVAILABLE)
    const partitions = await eventually(async () => {
      const topic = (await ask()).topics[0]
      return topic?.errorCode === 0 && topic.partitions[0]?.errorCode === 0 ? topic.partitions : undefined
    })
    expect(partitions).toHaveLength(1)
  })

  it('refuse a second broker of the same id', async () => {
    const twin = await cluster.makeBroker(1)
    await expect(twin.prepare()).rejects.toMatchObject({ code: 'KCLI_LISTEN' })
    await twin.shutdown({ controlled: false })
  })
})
