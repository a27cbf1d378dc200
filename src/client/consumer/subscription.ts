import type { Metadata } from '../metadata.ts'
import { ClientError } from '../net/index.ts'
import type { TopicPartition } from '../offsets.ts'

/**
 * Is told of what a rebalance takes and gives (org.apache.kafka.clients.consumer.ConsumerRebalanceListener). The calls
 * come from within `poll`, `unsubscribe` and `close`, which wait for them; offsets can be committed and positions sought.
 */
export interface RebalanceListener {
  /** These will be taken away; they still belong to this consumer. */
  onPartitionsRevoked?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** These came in addition to what the consumer has. */
  onPartitionsAssigned?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** These may belong to others already: nothing can be committed. `onPartitionsRevoked` is called when it is left out. */
  onPartitionsLost?(partitions: readonly TopicPartition[]): void | Promise<void>
}

type Mode = 'none' | 'topics' | 'pattern' | 'assigned'

/** What the consumer was told to read (org.apache.kafka.clients.consumer.internals.SubscriptionState). */
export class SubscriptionState {
  private mode: Mode = 'none'
  private wanted: ReadonlySet<string> = new Set()
  private pattern: RegExp | undefined
  /** What the other members subscribe to, when this one leads the group: it watches their topics too. */
  groupTopics: ReadonlySet<string> = new Set()
  listener: RebalanceListener = {}

  /** Whether the group says which partitions are read. */
  get isSubscribed(): boolean {
    return this.mode === 'topics' || this.mode === 'pattern'
  }

  get hasPattern(): boolean {
    return this.mode === 'pattern'
  }

  get isNone(): boolean {
    return this.mode === 'none'
  }

  get topics(): ReadonlySet<string> {
    return this.wanted
  }

  subscribe(topics: readonly string[] | RegExp, listener: RebalanceListener): void {
    this.enter(topics instanceof RegExp ? 'pattern' : 'topics')
    this.listener = listener
    if (topics instanceof RegExp) {
      // With these flags an expression remembers where it was.
      this.pattern = new RegExp(topics.source, topics.flags.replace(/[gy]/g, ''))
      this.wanted = new Set()
    } else {
      this.pattern = undefined
      this.wanted = new Set(topics)
    }
  }

  /** As in Kafka, nothing is assigned and nothing is subscribed to are the same. */
  assign(count: number): void {
    this.enter('assigned')
    if (count === 0) this.unsubscribe()
  }

  unsubscribe(): void {
    this.mode = 'none'
    this.wanted = new Set()
    this.groupTopics = new Set()
    this.pattern = undefined
    this.listener = {}
  }

  /** The topics that match now. Nothing happens without a pattern. */
  matchPattern(metadata: Metadata, excludeInternal: boolean): void {
    const { pattern } = this
    if (pattern === undefined) return
    const matching = [...metadata.topics.values()].filter(
      (topic) => topic.errorCode === 0 && pattern.test(topic.name) && !(excludeInternal && topic.isInternal),
    )
    this.replace(matching.map((topic) => topic.name))
  }

  /** The leader of the group knows better than we do which topics there are. */
  addMatching(topics: Iterable<string>): void {
    this.replace([...this.wanted, ...topics])
  }

  /** Whether partitions of a topic may be assigned to this consumer at all. */
  accepts(topic: string): boolean {
    return this.pattern === undefined ? this.wanted.has(topic) : this.pattern.test(topic)
  }

  private replace(topics: readonly string[]): void {
    const isSame =
      new Set(topics).size === this.wanted.size && topics.every((topic) => this.wanted.has(topic))
    if (!isSame) this.wanted = new Set(topics)
  }

  private enter(mode: Mode): void {
    if (this.mode !== 'none' && this.mode !== mode) {
      throw new ClientError(
        'KCLI_SUBSCRIPTION',
        'topics, a pattern and assigned partitions exclude each other',
        { retriable: false, hint: 'Unsubscribe first.' },
      )
    }
    this.mode = mode
  }
}
