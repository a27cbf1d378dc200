import { expect, test } from 'vitest'
import { updateMetadata } from '../../src/protocol/messages/06-update-metadata.ts'

const VERSION = 8

function state(partitionIndex: number, leader: number, isr: readonly number[]) {
  return {
    partitionIndex,
    topicName: '',
    controllerEpoch: 1,
    leader,
    leaderEpoch: 0,
    isr: [...isr],
    zkVersion: 0,
    replicas: [0, 1, 2],
    offlineReplicas: [] as number[],
  }
}

function roundTrip(lists: readonly ReturnType<typeof state>[][]) {
  const topicStates = lists.map((partitionStates, i) => ({ topicName: `t${i}`, partitionStates }))
  const bytes = updateMetadata.request.encodeBuffer(VERSION, { topicStates })
  const decoded = updateMetadata.request.decodeBuffer(bytes, VERSION).topicStates
  return { bytes, lists: decoded.map(({ partitionStates }) => partitionStates) }
}

test('lists with the same bytes are decoded once, others each by itself', () => {
  const a = [state(0, 0, [0, 1, 2]), state(1, 1, [1, 2, 0])]
  const b = [state(0, 1, [1, 2, 0]), state(1, 0, [0, 1, 2])]
  const longer = [...a, state(2, 2, [2])]
  const { lists } = roundTrip([a, b, a, longer, [], b, a, longer, []])
  expect(lists).toEqual([a, b, a, longer, [], b, a, longer, []])
  expect(lists[2]).toBe(lists[0])
  expect(lists[5]).not.toBe(lists[0])
})

test('a message that does not repeat itself is read as it is', () => {
  const all = Array.from({ length: 100 }, (_, i) => [state(i, i, [i])])
  const { lists } = roundTrip([...all, ...all])
  expect(lists).toEqual([...all, ...all])
})

test('nothing is taken from behind the end', () => {
  const { bytes } = roundTrip([[state(0, 0, [0, 1, 2])], [state(0, 0, [0, 1, 2])]])
  for (let length = 0; length < bytes.length; length++) {
    expect(() => updateMetadata.request.decodeBuffer(bytes.subarray(0, length), VERSION)).toThrow(
      'UpdateMetadataRequest v8',
    )
  }
})
