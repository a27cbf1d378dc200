import { partitionForKey } from '../../base/murmur2.ts'
import type { Random } from '../../base/random.ts'
import type { TopicInfo } from '../metadata.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** The partition of a topic that records without a key go to at the moment. */
interface Sticky {
  queue: PartitionQueue
  /** What had been appended to it when it was chosen. */
  startBytes: number
}

export interface BuiltInPartitionerOptions {
  readonly random: Random
  /** Another partition is chosen when one got so many bytes: batch.size. */
  readonly stickyBytes: number
  readonly ignoreKeys: boolean
  /** Go by how much waits, not by chance alone. */
  readonly isAdaptive: boolean
  readonly queueOf: (topic: string, partition: number) => PartitionQueue
  /** Whether a broker is so slow that nothing more should go there. */
  readonly isSlow: (broker: number) => boolean
}

/**
 * Kafka's own choice of partitions (KIP-480, KIP-794; org.apache.kafka.clients.producer.internals.BuiltInPartitioner): by key
 * when there is one; without a key one partition until a batch's worth of bytes has gone to it, then another, rather one
 * where few batches wait. Kafka counts those that wait each time the sender runs, this one when it has to choose.
 */
export class BuiltInPartitioner {
  private readonly options: BuiltInPartitionerOptions
  private readonly stickies = new Map<string, Sticky>()

  constructor(options: BuiltInPartitionerOptions) {
    this.options = options
  }

  /** `sizeBytes`: about what the record will take in its batch. */
  choose(topic: TopicInfo, key: Uint8Array | null, sizeBytes: number): number {
    if (key !== null && !this.options.ignoreKeys) return partitionForKey(key, topic.partitions.length)
    const sticky = this.stickies.get(topic.name)
    if (sticky === undefined || this.hasEnough(sticky, sizeBytes)) return this.change(topic)
    return sticky.queue.partition
  }

  /** The change waits for the end of a batch: it would otherwise leave one behind that is not full. */
  private hasEnough({ queue, startBytes }: Sticky, sizeBytes: number): boolean {
    const { stickyBytes } = this.options
    const bytes = queue.appendedBytes - startBytes + sizeBytes
    return bytes > stickyBytes && (bytes > 2 * stickyBytes || !queue.hasRoomFor(sizeBytes, stickyBytes))
  }

  private change(topic: TopicInfo): number {
    const partition = this.next(topic)
    const queue = this.options.queueOf(topic.name, partition)
    this.stickies.set(topic.name, { queue, startBytes: queue.appendedBytes })
    return partition
  }

  private next(topic: TopicInfo): number {
    const { random, isAdaptive, isSlow } = this.options
    const led = topic.partitions.filter(({ leader }) => leader >= 0)
    if (led.length === 0) return random.int(topic.partitions.length)
    if (!isAdaptive || led.length === 1) return led[random.int(led.length)]?.partition ?? 0
    const quick = led.filter(({ leader }) => !isSlow(leader))
    return this.weighted(topic.name, quick.length > 0 ? quick : led)
  }

  /** The more batches wait for a partition, the less likely it is; the fullest still gets its turn. */
  private weighted(topic: string, choices: readonly { readonly partition: number }[]): number {
    const { random, queueOf } = this.options
    const lengths = choices.map(({ partition }) => queueOf(topic, partition).waiting.length)
    const most = Math.max(...lengths) + 1
    let left = random.int(lengths.reduce((sum, length) => sum + most - length, 0))
    const chosen = lengths.findIndex((length) => {
      left -= most - length
      return left < 0
    })
    return choices[chosen]?.partition ?? 0
  }
}
