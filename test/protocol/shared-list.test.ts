import { expect, test } from 'vitest'
import { SharedList } from '../../src/protocol/index.ts'
import { updateMetadata } from '../../src/protocol/messages/06-update-metadata.ts'

const STATE = {
  partitionIndex: 0,
  controllerEpoch: 1,
  leader: 2,
  leaderEpoch: 3,
  isr: [1, 2],
  replicas: [2, 1, 4, 5],
}
const topic = (topicName: string) => ({
  topicName,
  partitionStates: [STATE, { ...STATE, partitionIndex: 1, isr: [] }],
})
const request = (brokerEpoch: number, topicStates: ReturnType<typeof topic>[]) => ({
  controllerId: 1,
  controllerEpoch: 1,
  brokerEpoch,
  topicStates,
  liveBrokers: [
    { id: 1, endpoints: [{ host: 'h', port: 1, listener: 'L', securityProtocol: 0 }], rack: null },
  ],
})

test.each([5, 6, 8])(
  'what several messages share is encoded once and reads as if it were not: v%i',
  (version) => {
    const topics = Array.from({ length: 50 }, (_, i) => topic(`topic-${i}`))
    const shared = new SharedList(...topics)
    for (const epoch of [7, 8, 2 ** 40]) {
      const bytes = updateMetadata.request.encodeBuffer(version, request(epoch, shared))
      expect(bytes.equals(updateMetadata.request.encodeBuffer(version, request(epoch, topics)))).toBe(true)
      const { brokerEpoch, topicStates } = updateMetadata.request.decodeBuffer(bytes, version)
      expect(brokerEpoch).toBe(epoch)
      expect(topicStates).toHaveLength(50)
      expect(topicStates[49]).toMatchObject(topic('topic-49'))
    }
    expect(shared.encodings.size).toBe(1)
  },
)

test('an empty list, and the same list in two versions', () => {
  const empty = new SharedList<ReturnType<typeof topic>>()
  const one = new SharedList<ReturnType<typeof topic>>()
  one.push(topic('t'))
  for (const list of [empty, one]) {
    for (const version of [5, 8, 5]) {
      const bytes = updateMetadata.request.encodeBuffer(version, request(1, list))
      expect(bytes.equals(updateMetadata.request.encodeBuffer(version, request(1, [...list])))).toBe(true)
    }
  }
})

test('numbers that do not fit are refused, not cut', () => {
  for (const leader of [2 ** 31, -(2 ** 31) - 1, Number.NaN]) {
    const states = [{ ...topic('t'), partitionStates: [{ ...STATE, leader }] }]
    expect(() => updateMetadata.request.encodeBuffer(8, request(1, states))).toThrow(/int32/)
  }
})
