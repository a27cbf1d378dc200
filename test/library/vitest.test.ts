import { test as base, expect } from 'vitest'
import { type KafkaContext, kafkaFixtures } from '../../src/library/vitest.ts'

const seen = new Set<unknown>()
const test = base.extend<KafkaContext>(kafkaFixtures({ brokers: 1, topic: { numPartitions: 2 } }))

test('gives a test a topic of its own / Ünd so weiter', async ({ kafka, topic, uniqueName }) => {
  expect(topic).toBe('gives-a-test-a-topic-of-its-own-nd-so-weiter-1')
  expect(uniqueName('group')).toBe('group-2')
  const [info] = await kafka.admin().describeTopics([topic])
  expect(info?.partitions).toHaveLength(2)
  seen.add(kafka)
})

test('gives the tests of a file one cluster', async ({ kafka, topic }) => {
  expect(topic).toBe('gives-the-tests-of-a-file-one-cluster-3')
  expect([...seen]).toEqual([kafka])
})
