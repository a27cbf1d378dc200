import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { TopicPartition } from '../../storage/index.ts'
import type { BrokerConfig } from '../broker-config.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { GroupAdmin } from './group-admin.ts'
import { GroupConfig } from './group-config.ts'
import { GroupStore } from './group-store.ts'
import { Membership } from './membership.ts'
import { OFFSETS_TOPIC, OffsetsTopicSize, type OffsetsTopicSizeDeps } from './offsets-topic.ts'
import { Rebalancer } from './rebalance.ts'

export interface GroupCoordinatorDeps {
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly replicas: Pick<ReplicaManager, 'partition' | 'appendRecords'>
  readonly offsetsTopic: Pick<OffsetsTopicSizeDeps, 'isThere' | 'stored'>
}

/** The coordinator of the groups whose partition of `__consumer_offsets` this broker leads. See DESIGN.md. */
export class GroupCoordinator {
  readonly membership: Membership
  readonly offsets: CommittedOffsets
  readonly admin: GroupAdmin
  private readonly store: GroupStore
  private readonly config: GroupConfig
  private readonly clock: Clock
  private readonly logger: Logger
  private cleanUpTimer: Timer | undefined
  private cleaning: Promise<void> = Promise.resolve()

  constructor(deps: GroupCoordinatorDeps) {
    const { clock, random, logger, replicas } = deps
    const config = new GroupConfig(deps.config)
    this.config = config
    this.clock = clock
    this.logger = logger
    const store = new GroupStore({
      clock,
      logger,
      config,
      replicas,
      size: new OffsetsTopicSize({ ...deps.offsetsTopic, logger, configured: config.topicPartitions }),
      onLoaded: (group) => rebalancer.onLoaded(group),
      onUnloaded: (group) => rebalancer.onUnloaded(group),
    })
    const rebalancer = new Rebalancer({ clock, logger, config, store })
    this.store = store
    this.membership = new Membership({ logger, random, config, store, rebalancer })
    this.offsets = new CommittedOffsets({ clock, config, store, rebalancer })
    this.admin = new GroupAdmin(store)
  }

  /** Begins to look for offsets whose time is over. */
  start(): void {
    this.cleanUpTimer = this.clock.setTimer(
      this.config.retentionCheckIntervalMs,
      () => {
        void this.expireOffsets().then(() => {
          if (this.store.isOpen) this.start()
        })
      },
      { unref: true },
    )
  }

  /** Answers all that wait with NOT_COORDINATOR. Comes before the replicas stop: tombstones may be on their way. */
  async close(): Promise<void> {
    this.cleanUpTimer?.cancel()
    await this.cleaning
    this.store.close()
  }

  /** The partition of the offsets topic whose leader coordinates the group; undefined when it cannot be told now. */
  findPartition(groupId: string): Promise<number | undefined> {
    return this.store.findPartition(groupId)
  }

  onLeadershipChange(leaders: readonly TopicPartition[], followers: readonly TopicPartition[]): void {
    this.store.onResigned(offsetsPartitions(followers))
    this.store.onElected(offsetsPartitions(leaders))
  }

  /** Their offsets are of no use any more, also in groups that nobody has asked for yet. */
  onPartitionsDeleted(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return Promise.resolve()
    return this.cleanUp(async () => {
      await this.store.loadAll()
      await this.store.cleanUp(this.store.all(), (group) => group.offsets.remove(partitions))
    })
  }

  private expireOffsets(): Promise<void> {
    return this.cleanUp(() => {
      const nowMs = this.clock.nowMs()
      const { retentionMs } = this.config
      return this.store.cleanUp(this.store.all(), (group) => group.removeExpiredOffsets(nowMs, retentionMs))
    })
  }

  private cleanUp(work: () => Promise<void>): Promise<void> {
    this.cleaning = this.cleaning.then(work).catch((error: unknown) => {
      this.logger.error('cleaning up the offsets of groups failed', error)
    })
    return this.cleaning
  }
}

function offsetsPartitions(partitions: readonly TopicPartition[]): number[] {
  return partitions.filter(({ topic }) => topic === OFFSETS_TOPIC).map(({ partition }) => partition)
}
