import type { Clock } from '../../base/clock.ts'
import type { MetadataCache, MetadataChange } from '../metadata/index.ts'
import type { TopicPartition } from '../zk/index.ts'

/**
 * Lets requests wait until this broker has heard that what they asked for is done (DelayedCreatePartitions,
 * DelayedDeleteTopics), or until their time is over.
 */
export class TopicWaiter {
  private readonly clock: Clock
  private readonly cache: MetadataCache

  constructor(clock: Clock, cache: MetadataCache) {
    this.clock = clock
    this.cache = cache
  }

  /** Resolves to the topics of which not all these partitions have a leader in time. */
  leaders(partitions: ReadonlyMap<string, Iterable<number>>, timeoutMs: number): Promise<Set<string>> {
    const missing = new Map([...partitions].map(([topic, numbers]) => [topic, new Set(numbers)]))
    return this.until(new Set(missing.keys()), timeoutMs, (topic) => {
      const numbers = missing.get(topic)
      const known = this.cache.topic(topic)
      for (const number of numbers ?? []) {
        if ((known?.get(number)?.leader ?? -1) >= 0) numbers?.delete(number)
      }
      return numbers === undefined || numbers.size === 0
    })
  }

  /** Resolves to the partitions of which this broker has not heard in time that they have these leaders (DelayedElectLeader). */
  async elected<T extends TopicPartition & { readonly leader: number }>(
    expected: readonly T[],
    timeoutMs: number,
  ): Promise<T[]> {
    const isKnown = ({ topic, partition, leader }: T) =>
      this.cache.topic(topic)?.get(partition)?.leader === leader
    let missing = [...expected]
    await this.until(new Set(expected.map(({ topic }) => topic)), timeoutMs, (topic) => {
      missing = missing.filter((each) => each.topic !== topic || !isKnown(each))
      return missing.every((each) => each.topic !== topic)
    })
    return missing
  }

  /** Resolves to the topics that are still there when the time is over. */
  absence(topics: Iterable<string>, timeoutMs: number): Promise<Set<string>> {
    return this.until(new Set(topics), timeoutMs, (topic) => !this.cache.hasTopic(topic))
  }

  private until(
    topics: Set<string>,
    timeoutMs: number,
    isDone: (topic: string) => boolean,
  ): Promise<Set<string>> {
    const look = (names: Iterable<string>) => {
      for (const topic of [...names]) if (topics.has(topic) && isDone(topic)) topics.delete(topic)
    }
    look(topics)
    if (topics.size === 0) return Promise.resolve(topics)
    return new Promise((resolve) => {
      const finish = () => {
        stop()
        timer.cancel()
        resolve(topics)
      }
      const stop = this.cache.onUpdate((change: MetadataChange) => {
        look(change.topics)
        if (topics.size === 0) finish()
      })
      const timer = this.clock.setTimer(timeoutMs, finish, { unref: true })
    })
  }
}
