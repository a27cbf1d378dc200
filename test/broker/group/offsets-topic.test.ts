import { expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { OffsetsTopicSize } from '../../../src/broker/group/offsets-topic.ts'

it('asks ZooKeeper how large the topic is, once for each topic of that name', async () => {
  let isThere = false
  let stored: number | Error | undefined
  let asked = 0
  const size = new OffsetsTopicSize({
    logger: silentLogger,
    configured: 50,
    isThere: () => isThere,
    stored: () => {
      asked++
      return stored instanceof Error ? Promise.reject(stored) : Promise.resolve(stored)
    },
  })
  expect([await size.settle(), size.count]).toEqual([true, 50])
  // The broker has heard of some of its partitions; how many there are it cannot know from that.
  isThere = true
  stored = new Error('ZooKeeper is away')
  expect(await size.settle()).toBe(false)
  stored = 3
  expect([await size.settle(), size.count]).toEqual([true, 3])
  asked = 0
  stored = 5
  expect([await size.settle(), size.count, asked]).toEqual([true, 3, 0])
  isThere = false
  await size.settle()
  isThere = true
  expect([await size.settle(), size.count]).toEqual([true, 5])
})
