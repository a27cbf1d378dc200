import { describe, expect, it } from 'vitest'
import { Admin, BrokerError } from '../../../src/client/index.ts'
import { ERROR_CODES } from '../../../src/protocol/index.ts'
import { listOffsets } from '../../../src/protocol/messages/02-list-offsets.ts'
import { createTopics } from '../../../src/protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../../src/protocol/messages/20-delete-topics.ts'
import { deleteRecords } from '../../../src/protocol/messages/21-delete-records.ts'
import { createPartitions } from '../../../src/protocol/messages/37-create-partitions.ts'
import { type Call, FakeCluster, type Fault } from '../../support/fake-broker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

async function setUp(brokers = 1) {
  const clock = new ManualClock()
  const cluster = await FakeCluster.start(clock, { brokers })
  const admin = new Admin(cluster.clientOptions())
  return { clock, cluster, admin }
}

/** Makes the topics that are asked for, unless they are there; `faults` come first. */
function creating(cluster: FakeCluster, faults: readonly Fault[] = []) {
  let count = 0
  cluster.script = (call) => {
    if (call.spec.key !== createTopics.key) return undefined
    const fault = faults[count++]
    if (fault !== undefined && typeof fault !== 'string' && 'drop' in fault && fault.drop === 'after')
      create(cluster, call)
    return fault === undefined ? { answer: { topics: create(cluster, call) } } : asDrop(fault)
  }
}

/** What was to happen has been done by the script. */
function asDrop(fault: Fault): Fault {
  return fault !== undefined && typeof fault !== 'string' && 'drop' in fault ? { drop: 'before' } : fault
}

function create(cluster: FakeCluster, call: Call) {
  return call.body.topics.map(({ name, numPartitions }: { name: string; numPartitions: number }) => {
    const exists = cluster.topics.has(name)
    if (!exists && call.body.validateOnly !== true) cluster.addTopic(name, numPartitions)
    return {
      name,
      numPartitions,
      errorCode: exists ? ERROR_CODES.TOPIC_ALREADY_EXISTS : 0,
      errorMessage: null,
    }
  })
}

const NEW = { name: 'new', numPartitions: 2, replicationFactor: 1 }

describe('Admin: topics', () => {
  it('answers for each of them', async () => {
    const { clock, cluster, admin } = await setUp()
    cluster.addTopic('old')
    creating(cluster)
    const results = await clock.run(admin.createTopics([NEW, { ...NEW, name: 'old' }]))
    expect(results.map(({ name, error }) => [name, error?.errorName])).toEqual([
      ['new', undefined],
      ['old', 'TOPIC_ALREADY_EXISTS'],
    ])
    expect(results[1]?.error).toBeInstanceOf(BrokerError)
    await admin.close()
  })

  it('finds the new controller', async () => {
    const { clock, cluster, admin } = await setUp(2)
    cluster.script = (call) => {
      if (call.spec.key !== createTopics.key) return undefined
      if (call.broker === 1) return { answer: { topics: create(cluster, call) } }
      cluster.controller = 1
      return { answer: { topics: [{ name: 'new', errorCode: ERROR_CODES.NOT_CONTROLLER }] } }
    }
    expect((await clock.run(admin.createTopics([NEW])))[0]?.error).toBeNull()
    expect(cluster.callsOf(createTopics).map((call) => call.broker)).toEqual([0, 1])
    await admin.close()
  })

  it('goes on when the controller is gone', async () => {
    const { clock, cluster, admin } = await setUp(2)
    await clock.run(admin.listTopics())
    cluster.down.add(0)
    cluster.disconnect(0)
    cluster.controller = 1
    creating(cluster)
    expect((await clock.run(admin.createTopics([NEW])))[0]?.error).toBeNull()
    await admin.close()
  })

  it('takes a topic for made when the answer to making it was lost', async () => {
    const { clock, cluster, admin } = await setUp()
    creating(cluster, [{ drop: 'after' }])
    expect((await clock.run(admin.createTopics([NEW])))[0]?.error).toBeNull()
    expect(cluster.callsOf(createTopics)).toHaveLength(2)
    await admin.close()
  })

  it('but not when it was only to be checked, or could not have been made', async () => {
    const { clock, cluster, admin } = await setUp(2)
    cluster.addTopic('new')
    creating(cluster, [{ drop: 'before' }])
    const [checked] = await clock.run(admin.createTopics([NEW], { validateOnly: true }))
    expect(checked?.error?.errorName).toBe('TOPIC_ALREADY_EXISTS')
    // The controller cannot be reached at first: nothing was asked of it.
    cluster.down.add(0)
    cluster.disconnect(0)
    await clock.settle()
    clock.setTimer(500, () => {
      cluster.controller = 1
    })
    const [second] = await clock.run(admin.createTopics([NEW]))
    expect(second?.error?.errorName).toBe('TOPIC_ALREADY_EXISTS')
    await admin.close()
  })

  it('takes a topic for deleted, and for grown, when the answer was lost', async () => {
    const { clock, cluster, admin } = await setUp()
    cluster.addTopic('t')
    let count = 0
    cluster.script = (call) => {
      const first = count++ === 0
      if (call.spec.key === deleteTopics.key) {
        cluster.topics.delete('t')
        if (first) return { drop: 'before' }
        return { answer: { responses: [{ name: 't', errorCode: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION }] } }
      }
      if (call.spec.key !== createPartitions.key) return undefined
      const results = [{ name: 't', errorCode: ERROR_CODES.INVALID_PARTITIONS, errorMessage: 'has 3' }]
      if (cluster.topics.get('t')?.logs.length === 3) return { answer: { results } }
      cluster.addTopic('t', 3)
      return { drop: 'before' }
    }
    const grow = () => clock.run(admin.createPartitions([{ name: 't', totalCount: 3 }]))
    expect((await grow())[0]?.error).toBeNull()
    expect((await grow())[0]?.error).toMatchObject({ errorName: 'INVALID_PARTITIONS', message: 'has 3' })
    count = 0
    const remove = () => clock.run(admin.deleteTopics(['t']))
    await clock.run(admin.describeTopics(['t']))
    count = 0
    expect((await remove())[0]?.error).toBeNull()
    expect((await remove())[0]?.error?.errorName).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await admin.close()
  })

  it('gives up after the time of an API call', async () => {
    const { clock, cluster, admin } = await setUp()
    cluster.script = (call) => (call.spec.key === createTopics.key ? { drop: 'before' } : undefined)
    await expect(clock.run(admin.createTopics([NEW]))).rejects.toMatchObject({ code: 'KCLI_NETWORK' })
    expect(clock.monotonicMs()).toBeGreaterThan(50_000)
    expect(clock.monotonicMs()).toBeLessThan(62_000)
    await admin.close()
  })

  it('describes what there is now', async () => {
    const { clock, cluster, admin } = await setUp()
    cluster.addTopic('t', 3)
    expect((await clock.run(admin.describeTopics(['t'])))[0]?.partitions).toHaveLength(3)
    cluster.topics.delete('t')
    expect(await clock.run(admin.describeTopics(['t']))).toMatchObject([
      { name: 't', errorCode: ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] },
    ])
    await admin.close()
  })
})

describe('Admin: offsets and records', () => {
  it('asks each leader, and again when the leader has moved', async () => {
    const { clock, cluster, admin } = await setUp(3)
    const logs = cluster.addTopic('t', 6)
    for (const [partition, log] of logs.entries()) log.endOffset = partition * 10
    const wanted = logs.map((_, partition) => ({ topic: 't', partition, spec: 'latest' as const }))
    const offsets = async () => (await clock.run(admin.listOffsets(wanted))).map((listed) => listed.offset)
    expect(await offsets()).toEqual([0, 10, 20, 30, 40, 50])
    expect(cluster.callsOf(listOffsets)).toHaveLength(3)
    for (const log of logs) cluster.move(log, 2)
    expect(await offsets()).toEqual([0, 10, 20, 30, 40, 50])
    await admin.close()
  })

  it('says at once which partition or broker there is not', async () => {
    const { clock, cluster, admin } = await setUp()
    cluster.addTopic('t')
    const at = { topic: 't', partition: 4 }
    await expect(clock.run(admin.listOffsets([{ ...at, spec: 'latest' }]))).rejects.toThrow(
      "topic 't' has no partition 4, it has 0 to 0",
    )
    await expect(clock.run(admin.deleteRecords([{ ...at, beforeOffset: 1 }]))).rejects.toThrow(
      'no partition 4',
    )
    await expect(clock.run(admin.describeConfigs([{ type: 'broker', name: '9' }]))).rejects.toThrow(
      'no broker 9',
    )
    await expect(clock.run(admin.brokerApiVersions(9))).rejects.toThrow('no broker 9')
    expect(clock.monotonicMs()).toBeLessThan(1000)
    await admin.close()
  })

  it('trims partition by partition, and asks again where the leader has moved', async () => {
    const { clock, cluster, admin } = await setUp(2)
    const logs = cluster.addTopic('t', 3)
    let count = 0
    cluster.script = (call) => {
      if (call.spec.key !== deleteRecords.key) return undefined
      count++
      const topics = call.body.topics.map(
        (topic: { name: string; partitions: { partitionIndex: number }[] }) => ({
          name: topic.name,
          partitions: topic.partitions.map(({ partitionIndex }) => {
            const isLeader = logs[partitionIndex]?.leader === call.broker
            const errorCode = partitionIndex === 2 ? ERROR_CODES.OFFSET_OUT_OF_RANGE : isLeader ? 0 : 6
            return { partitionIndex, errorCode, lowWatermark: errorCode === 0 ? 7 : -1 }
          }),
        }),
      )
      return { answer: { topics } }
    }
    await clock.run(admin.describeTopics(['t']))
    for (const log of logs) cluster.move(log, 1)
    const targets = [0, 1, 2].map((partition) => ({ topic: 't', partition, beforeOffset: 7 }))
    const trimmed = await clock.run(admin.deleteRecords(targets))
    expect(
      trimmed.map(({ partition, lowWatermark, error }) => [partition, lowWatermark, error?.errorName]),
    ).toEqual([
      [0, 7, undefined],
      [1, 7, undefined],
      [2, -1, 'OFFSET_OUT_OF_RANGE'],
    ])
    expect(count).toBe(3)
    await admin.close()
  })
})
