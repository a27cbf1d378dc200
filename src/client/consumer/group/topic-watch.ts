import { messageOf } from '../../../base/errors.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import { type ClientCore, topicProblem } from '../../core.ts'
import { BrokerError } from '../../net/index.ts'
import type { ClusterView } from '../assignors/assignor.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import type { SubscriptionState } from '../subscription.ts'
import { clusterView, describeView } from './leader.ts'

const REFUSALS: ReadonlySet<number> = new Set([
  ERROR_CODES.INVALID_TOPIC_EXCEPTION,
  ERROR_CODES.TOPIC_AUTHORIZATION_FAILED,
])

/**
 * Which of the topics there are that the group subscribes to. Only the leader acts on changes; everybody keeps its own
 * subscription by pattern up to date, and asks again for topics that do not exist yet.
 */
export class TopicWatch {
  private readonly core: ClientCore
  private readonly config: ResolvedConsumerConfig
  private readonly subscription: SubscriptionState
  private readonly onChange: () => void
  private seenVersion = -1
  /** For which topics that was. */
  private seenTopics: readonly ReadonlySet<string>[] = []
  private missing: readonly string[] = []
  /** What the present shares were made from; undefined for those who do not lead. */
  private held: string | undefined
  private isChanged = false
  private isAsking = false
  private askNextMs = 0
  private attempts = 0
  private allAskedMs = Number.NEGATIVE_INFINITY

  constructor(
    core: ClientCore,
    config: ResolvedConsumerConfig,
    subscription: SubscriptionState,
    onChange: () => void,
  ) {
    this.core = core
    this.config = config
    this.subscription = subscription
    this.onChange = onChange
  }

  /** The shares were made by this member, of topics that are not what they were. */
  get hasChanged(): boolean {
    return this.isChanged
  }

  waitMs(): number {
    if (!this.subscription.isSubscribed || this.isAsking) return Number.POSITIVE_INFINITY
    const { clock, metadataMaxAgeMs } = this.core.options
    const nowMs = clock.monotonicMs()
    const isAsked = Number.isFinite(this.allAskedMs)
    if (this.subscription.hasPattern)
      return isAsked ? this.allAskedMs + metadataMaxAgeMs - nowMs : Number.POSITIVE_INFINITY
    return this.missing.length > 0 ? this.askNextMs - nowMs : Number.POSITIVE_INFINITY
  }

  /**
   * From every poll: cheap while no broker has said anything new. Throws {@link BrokerError} for topics that this consumer
   * names and can never read, once for each time that a broker has said so (Metadata.maybeThrowExceptionForTopics).
   */
  look(): void {
    const { metadata } = this.core
    const { topics, groupTopics } = this.subscription
    const isSeen = topics === this.seenTopics[0] && groupTopics === this.seenTopics[1]
    if (metadata.version !== this.seenVersion || !isSeen) {
      this.seenVersion = metadata.version
      this.subscription.matchPattern(metadata, this.config.excludeInternalTopics)
      this.seenTopics = [this.subscription.topics, groupTopics]
      this.missing = this.findMissing()
      if (this.held !== undefined) this.isChanged = this.describe(this.view()) !== this.held
      this.requireReadable()
    }
    this.askAgain()
  }

  /** All topics, for a pattern. */
  async refreshAll(): Promise<void> {
    await this.core.refresh(null)
    this.allAskedMs = this.core.options.clock.monotonicMs()
    this.look()
  }

  async refresh(topics: ReadonlySet<string>): Promise<void> {
    if (topics.size === 0) return
    await this.core.refresh([...topics], { create: this.config.allowAutoCreateTopics })
  }

  /** From now on changes of these topics matter. */
  hold(): ClusterView {
    const view = this.view()
    this.held = this.describe(view)
    this.isChanged = false
    return view
  }

  /** This member does not lead any more. */
  release(): void {
    this.held = undefined
    this.isChanged = false
  }

  private view(): ClusterView {
    const { topics, groupTopics } = this.subscription
    return clusterView(this.core.metadata, new Set([...topics, ...groupTopics]))
  }

  private describe(view: ClusterView): string {
    return describeView(view, this.config.rack !== '')
  }

  private findMissing(): string[] {
    const { metadata } = this.core
    return [...this.subscription.topics, ...this.subscription.groupTopics].filter((name) => {
      const topic = metadata.topic(name)
      return topic === undefined || topic.errorCode !== 0
    })
  }

  private requireReadable(): void {
    for (const name of this.subscription.topics) {
      const errorCode = this.core.metadata.topic(name)?.errorCode ?? ERROR_CODES.NONE
      if (REFUSALS.has(errorCode)) throw new BrokerError(errorCode, topicProblem(name, errorCode))
    }
  }

  /** A pattern asks for everything from time to time; topics that are missing are asked for with growing pauses. */
  private askAgain(): void {
    if (this.isAsking) return
    const nowMs = this.core.options.clock.monotonicMs()
    if (this.subscription.hasPattern) {
      const isOld = nowMs - this.allAskedMs >= this.core.options.metadataMaxAgeMs
      // The first time is before the first join, which waits for it.
      if (isOld && Number.isFinite(this.allAskedMs)) this.ask(this.refreshAll())
      return
    }
    if (this.missing.length === 0) this.attempts = 0
    else if (nowMs >= this.askNextMs) {
      this.askNextMs = nowMs + this.core.backoffMs(this.attempts++)
      this.ask(this.refresh(new Set(this.missing)))
    }
  }

  private ask(work: Promise<void>): void {
    this.isAsking = true
    void work
      .catch((error: unknown) => this.core.options.logger.debug(`metadata: ${messageOf(error)}`))
      .finally(() => {
        this.isAsking = false
        this.onChange()
      })
  }
}
