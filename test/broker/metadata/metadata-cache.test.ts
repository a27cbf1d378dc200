import { expect, test } from 'vitest'
import { MetadataCache } from '../../../src/broker/metadata/index.ts'
import {
  type UpdateMetadataRequestInput,
  updateMetadata,
} from '../../../src/protocol/messages/06-update-metadata.ts'

const ID = 'I7iIqibeQh6mcJvnnbp2nQ'
const OTHER_ID = 'Fqc-B8ywTJCxdp7sRPNfQg'

/** As it comes over the wire in this version. */
function request(version: number, input: UpdateMetadataRequestInput) {
  return updateMetadata.request.decodeBuffer(updateMetadata.request.encodeBuffer(version, input), version)
}

const broker = (id: number, listeners = ['PLAINTEXT'], rack: string | null = null) => ({
  id,
  rack,
  endpoints: listeners.map((listener, index) => ({
    listener,
    host: `host-${id}`,
    port: 9092 + index,
    securityProtocol: 0,
  })),
})

const partition = (partitionIndex: number, leader: number, more = {}) => ({
  partitionIndex,
  leader,
  leaderEpoch: 3,
  controllerEpoch: 1,
  isr: [leader],
  replicas: [leader, 7],
  offlineReplicas: [7],
  zkVersion: 5,
  ...more,
})

const topic = (topicName: string, topicId: string, ...partitionStates: ReturnType<typeof partition>[]) => ({
  topicName,
  topicId,
  partitionStates,
})

test('takes over what the controller says', () => {
  const cache = new MetadataCache({ clusterId: 'c' })
  expect([cache.clusterId, cache.controllerId, cache.topicNames()]).toEqual(['c', null, []])
  const change = cache.updateMetadata(
    request(8, {
      controllerId: 2,
      liveBrokers: [broker(2), broker(1, ['PLAINTEXT', 'INTERNAL'], 'r1')],
      topicStates: [topic('t', ID, partition(0, 1), partition(1, 2))],
    }),
  )
  expect([...change.topics]).toEqual(['t'])
  expect(cache.controllerId).toBe(2)
  expect(cache.partition('t', 0)).toMatchObject({
    leader: 1,
    leaderEpoch: 3,
    controllerEpoch: 1,
    isr: [1],
    replicas: [1, 7],
    offlineReplicas: [7],
    zkVersion: 5,
  })
  expect(cache.topic('t')?.size).toBe(2)
  expect(cache.topic('none')).toBeUndefined()
  expect([cache.topicId('t'), cache.topicName(ID)]).toEqual([ID, 't'])
  expect(cache.aliveBrokers('PLAINTEXT').map(({ id }) => id)).toEqual([1, 2])
  expect(cache.aliveBrokers('INTERNAL')).toEqual([{ id: 1, host: 'host-1', port: 9093, rack: 'r1' }])
  expect(cache.brokerEndpoint(2, 'INTERNAL')).toBeUndefined()
  expect(cache.brokerEndpoint(3, 'PLAINTEXT')).toBeUndefined()
  expect([cache.isAlive(1), cache.isAlive(3)]).toEqual([true, false])
})

test('partitions stay, brokers are replaced', () => {
  const cache = new MetadataCache()
  const first = { controllerId: 1, liveBrokers: [broker(1), broker(2)] }
  cache.updateMetadata(request(8, { ...first, topicStates: [topic('t', ID, partition(0, 1))] }))
  const before = cache.partition('t', 0)
  cache.updateMetadata(request(8, { controllerId: -1, liveBrokers: [broker(2)] }))
  expect(cache.partition('t', 0)).toBe(before)
  expect(cache.controllerId).toBeNull()
  expect(cache.aliveBrokerList().map(({ id }) => id)).toEqual([2])
})

test('deleted topics go, a new one of the same name has another id', () => {
  const cache = new MetadataCache()
  const update = (...states: ReturnType<typeof topic>[]) =>
    cache.updateMetadata(request(8, { controllerId: 1, liveBrokers: [broker(1)], topicStates: states }))
  update(topic('t', ID, partition(0, 1), partition(1, 1)), topic('u', OTHER_ID, partition(0, 1)))
  const change = update(topic('t', ID, partition(0, -2)))
  expect(change.deletedPartitions).toEqual([{ topic: 't', partition: 0 }])
  expect(cache.hasTopic('t')).toBe(true)
  update(topic('t', ID, partition(1, -2)))
  expect([cache.hasTopic('t'), cache.topicName(ID), cache.topicNames()]).toEqual([false, undefined, ['u']])
  update(topic('t', 'sQDKFAoNTXOYSRMzCWL1Cg', partition(0, 1)))
  expect(cache.topicName('sQDKFAoNTXOYSRMzCWL1Cg')).toBe('t')
  expect(cache.topicName(ID)).toBeUndefined()
  update(topic('none', ID, partition(0, -2)))
  expect(cache.hasTopic('none')).toBe(false)
})

test('a topic recreated without its deletion having been heard of', () => {
  const cache = new MetadataCache()
  for (const id of [ID, OTHER_ID]) {
    cache.updateMetadata(request(8, { controllerId: 1, topicStates: [topic('t', id, partition(0, 1))] }))
  }
  expect([cache.topicId('t'), cache.topicName(OTHER_ID), cache.topicName(ID)]).toEqual([
    OTHER_ID,
    't',
    undefined,
  ])
})

test('controllers of every age', () => {
  for (let version = 0; version <= 8; version++) {
    const cache = new MetadataCache()
    const states = [partition(0, 1), partition(1, 1)]
    const input: UpdateMetadataRequestInput = {
      controllerId: 1,
      liveBrokers: version === 0 ? [{ id: 1, v0Host: 'host-1', v0Port: 9092 }] : [broker(1, ['PLAINTEXT'])],
      ...(version < 5
        ? { ungroupedPartitionStates: states.map((state) => ({ ...state, topicName: 't' })) }
        : { topicStates: [topic('t', ID, ...states)] }),
    }
    cache.updateMetadata(request(version, input))
    expect(cache.topic('t')?.size, `v${version}`).toBe(2)
    expect(cache.brokerEndpoint(1, 'PLAINTEXT'), `v${version}`).toMatchObject({ host: 'host-1', port: 9092 })
    expect(cache.topicName(ID), `v${version}`).toBe(version < 7 ? undefined : 't')
  }
})

test('listeners hear of each update until they stop', () => {
  const cache = new MetadataCache()
  const heard: string[][] = []
  const stop = cache.onUpdate(({ topics }) => heard.push([...topics]))
  cache.updateMetadata(request(8, { controllerId: 1, topicStates: [topic('t', ID, partition(0, 1))] }))
  stop()
  cache.updateMetadata(request(8, { controllerId: 1 }))
  expect(heard).toEqual([['t']])
})

test('updates add up before anybody has asked for the topic', () => {
  const cache = new MetadataCache()
  const tell = (...states: ReturnType<typeof partition>[]) =>
    cache.updateMetadata(request(8, { topicStates: [topic('t', ID, ...states)] }))
  tell(partition(0, 1), partition(1, 2))
  tell(partition(1, 3), partition(2, 3))
  expect(cache.topicNames()).toEqual(['t'])
  expect([...(cache.topic('t') ?? [])].map(([number, { leader }]) => [number, leader])).toEqual([
    [0, 1],
    [1, 3],
    [2, 3],
  ])
  tell(partition(0, 7))
  expect(cache.partition('t', 0)?.leader).toBe(7)
})
