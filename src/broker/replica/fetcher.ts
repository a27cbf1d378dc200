import type { Clock, Timer } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, errorInfo } from '../../protocol/index.ts'
import { type FetchResponse, fetch } from '../../protocol/messages/01-fetch.ts'
import { toApiError } from '../api-error.ts'
import { type AskedPartition, ClientSession } from './client-session.ts'
import type { FetcherPartition } from './fetcher-partition.ts'
import type { Partition } from './partition.ts'
import type { ReplicationQuota } from './replication-quota.ts'
import { startFromLeader, truncateToDivergence, truncateToHighWatermark } from './truncation.ts'
import type { PeerConnection, ReplicaConfig } from './types.ts'

export interface FetcherOptions {
  readonly brokerId: number
  readonly brokerEpoch: () => number
  readonly sourceId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly config: ReplicaConfig
  readonly connect: () => Promise<PeerConnection>
  /** Of what this broker takes, from all leaders together. */
  readonly quota: ReplicationQuota
  /** What was fetched cannot be written: the disk is full, or has failed. */
  readonly onCannotStore?: (partition: Partition) => void
}

type PartitionData = FetchResponse['responses'][number]['partitions'][number]

/** The highest version in which topics have names. */
const LAST_NAME_VERSION = 12
const REPLICA_STATE_VERSION = 15
/** How long a fetch that waits at the leader may go on when there are new partitions to fetch. */
const JOIN_DELAY_MS = 3
const FIRST_RECONNECT_MS = 20

/**
 * Copies partitions from one leader to this broker, with one fetch at a time for all of them (kafka.server's
 * AbstractFetcherThread and ReplicaFetcherThread). It lives as long as it has partitions.
 */
export class ReplicaFetcher {
  private readonly options: FetcherOptions
  private readonly partitions = new Map<string, FetcherPartition>()
  private session = new ClientSession()
  private connection: PeerConnection | undefined
  private running: Promise<void> | undefined
  private isRunning = false
  private stopped = false
  private wake: (() => void) | undefined
  private waitTimer: Timer | undefined
  private isFetching = false
  /** The fetch under way was given up for new partitions. */
  private wasInterrupted = false
  private joinTimer: Timer | undefined
  private reconnectMs = FIRST_RECONNECT_MS

  constructor(options: FetcherOptions) {
    this.options = options
  }

  get isIdle(): boolean {
    return this.partitions.size === 0
  }

  add(added: readonly FetcherPartition[]): void {
    for (const each of added) this.partitions.set(each.key, each)
    if (this.stopped || added.length === 0) return
    if (!this.isRunning) {
      this.isRunning = true
      this.running = this.run()
    }
    this.wakeUp()
    this.interruptLongPoll()
  }

  remove(key: string): void {
    const known = this.partitions.get(key)
    if (known === undefined) return
    known.removed = true
    this.partitions.delete(key)
  }

  async stop(): Promise<void> {
    this.stopped = true
    for (const each of this.partitions.values()) each.removed = true
    this.partitions.clear()
    this.joinTimer?.cancel()
    this.connection?.close()
    this.wakeUp()
    await this.running
  }

  /**
   * A leader that has nothing new holds a fetch for replica.fetch.wait.max.ms, and new partitions would wait as long.
   * The connection is given up then; the next, full request closes the old session.
   */
  private interruptLongPoll(): void {
    if (!this.isFetching || this.joinTimer !== undefined) return
    const abandoned = this.connection
    this.joinTimer = this.options.clock.setTimer(
      JOIN_DELAY_MS,
      () => {
        this.joinTimer = undefined
        if (!this.isFetching || this.connection !== abandoned) return
        this.wasInterrupted = true
        abandoned?.close()
      },
      { unref: true },
    )
  }

  private async run(): Promise<void> {
    // What one request of the controller brings comes in one go.
    await Promise.resolve()
    while (!this.stopped && this.partitions.size > 0) {
      try {
        await this.round()
      } catch (error) {
        this.connection?.close()
        this.connection = undefined
        this.session.restart(false)
        if (this.wasInterrupted || this.stopped) {
          this.wasInterrupted = false
          continue
        }
        const { logger, sourceId, config } = this.options
        logger.debug(`fetching from broker ${sourceId} failed: ${messageOf(error)}`)
        await this.pause(this.reconnectMs)
        this.reconnectMs = Math.min(config.replicaFetchBackoffMs, this.reconnectMs * 2)
      }
    }
    // No await from the last look at the partitions to here: what is added later finds that it has to start anew.
    this.isRunning = false
    this.connection?.close()
    this.connection = undefined
    this.session = new ClientSession()
  }

  /** One fetch, from the request to the last append. */
  private async round(): Promise<void> {
    this.connection ??= await this.options.connect()
    const { connection } = this
    for (const each of [...this.partitions.values()]) {
      if (!each.removed && each.mustTruncateFirst) await this.guard(each, truncateToHighWatermark(each))
    }
    const { wanted, waitMs } = this.wanted()
    if (wanted.size === 0) {
      await this.pause(waitMs)
      return
    }
    const response = await this.exchange(connection, wanted, waitMs)
    this.reconnectMs = FIRST_RECONNECT_MS
    if (response.errorCode !== ERROR_CODES.NONE) {
      const { name } = errorInfo(response.errorCode)
      this.session.restart(name === 'FETCH_SESSION_ID_NOT_FOUND')
      await this.pause(FIRST_RECONNECT_MS)
      return
    }
    this.session.answered(response.sessionId)
    await this.processAll(response, wanted, connection)
  }

  /** What to fetch now, and how long until there is more that could be fetched. */
  private wanted(): { wanted: Map<string, AskedPartition>; waitMs: number } {
    const { clock, config } = this.options
    const nowMs = clock.monotonicMs()
    const isTooFast = this.options.quota.isExceeded
    const wanted = new Map<string, AskedPartition>()
    let waitMs = Number.POSITIVE_INFINITY
    for (const each of this.partitions.values()) {
      if (each.isFenced) continue
      if (each.delayedUntilMs > nowMs) waitMs = Math.min(waitMs, each.delayedUntilMs - nowMs)
      else if (isTooFast && !each.isCaughtUp && this.isThrottled(each)) {
        waitMs = Math.min(waitMs, config.replicaFetchBackoffMs)
      } else wanted.set(each.key, each.ask())
    }
    return { wanted, waitMs: Math.max(1, Math.ceil(waitMs)) }
  }

  private isThrottled({ partition: { topic, partition } }: FetcherPartition): boolean {
    return this.options.quota.isThrottled(topic, partition)
  }

  private async exchange(
    connection: PeerConnection,
    wanted: ReadonlyMap<string, AskedPartition>,
    waitMs: number,
  ): Promise<FetchResponse> {
    const { brokerId: replicaId, brokerEpoch, config } = this.options
    let hasIds = true
    for (const asked of wanted.values()) if (asked.topicId === ZERO_UUID) hasIds = false
    const version = connection.versionOf(fetch, hasIds ? undefined : LAST_NAME_VERSION)
    const replica =
      version >= REPLICA_STATE_VERSION
        ? { replicaState: { replicaId, replicaEpoch: brokerEpoch() } }
        : { replicaId }
    const request = {
      ...replica,
      maxWaitMs: Math.min(config.replicaFetchWaitMaxMs, waitMs),
      minBytes: config.replicaFetchMinBytes,
      maxBytes: config.replicaFetchResponseMaxBytes,
      ...this.session.next(wanted),
    }
    this.isFetching = true
    try {
      return await connection.send(fetch, request, { version })
    } finally {
      this.isFetching = false
      this.joinTimer?.cancel()
      this.joinTimer = undefined
    }
  }

  private async processAll(
    response: FetchResponse,
    wanted: ReadonlyMap<string, AskedPartition>,
    connection: PeerConnection,
  ): Promise<void> {
    const names = new Map<string, string>()
    if (response.responses.some(({ topic }) => topic === '')) {
      for (const { topicId, topic } of wanted.values()) names.set(topicId, topic)
    }
    const work: Promise<void>[] = []
    for (const { topic, topicId, partitions } of response.responses) {
      const name = topic === '' ? names.get(topicId) : topic
      for (const data of partitions) {
        const key = `${name}-${data.partitionIndex}`
        const follower = this.partitions.get(key)
        const asked = wanted.get(key)
        // It may have been taken away, given another epoch or cut while the answer was on its way.
        if (follower === undefined || asked === undefined) continue
        if (follower.fetchOffset !== asked.fetchOffset || follower.leaderEpoch !== asked.currentLeaderEpoch)
          continue
        const processing = this.process(follower, data, connection)
        if (processing !== undefined) work.push(this.guard(follower, processing))
      }
    }
    if (work.length > 0) await Promise.all(work)
  }

  private process(
    follower: FetcherPartition,
    data: PartitionData,
    connection: PeerConnection,
  ): Promise<void> | undefined {
    const { name } = errorInfo(data.errorCode)
    switch (name) {
      case 'NONE':
        if (data.divergingEpoch.epoch >= 0) return truncateToDivergence(follower, data.divergingEpoch)
        if (data.records !== null && data.records.length > 0) return this.append(follower, data.records, data)
        return this.noteOffsets(follower, data)
      case 'OFFSET_OUT_OF_RANGE':
        return startFromLeader(follower, connection, this.options.brokerId)
      case 'FENCED_LEADER_EPOCH':
        follower.isFenced = true
        return undefined
      default:
        this.options.logger.debug(`broker ${this.options.sourceId} answered ${name} for ${follower.key}`)
        this.delay(follower)
        return undefined
    }
  }

  private async append(follower: FetcherPartition, records: Buffer, data: PartitionData): Promise<void> {
    const { quota } = this.options
    if (quota.isLimited && this.isThrottled(follower)) quota.record(records.length)
    const info = await follower.partition.appendAsFollower(follower.log, records)
    if (info.sizeBytes > 0) {
      follower.fetchOffset = info.lastOffset + 1
      follower.lastFetchedEpoch = info.lastLeaderEpoch
    }
    follower.succeeded()
    if (!follower.removed) await this.noteOffsets(follower, data)
  }

  /** The leader's high watermark and log start. */
  private noteOffsets(follower: FetcherPartition, data: PartitionData): Promise<void> | undefined {
    const { partition, log } = follower
    partition.learnHighWatermark(log, data.highWatermark)
    follower.leaderHighWatermark = data.highWatermark
    const { logStartOffset } = data
    if (logStartOffset <= 0 || logStartOffset <= log.logStartOffset || logStartOffset > log.highWatermark) {
      return undefined
    }
    return partition.write(log.incrementLogStartOffset(logStartOffset))
  }

  /** A failure of one partition is its own: it is tried again from where its log is. */
  private async guard(follower: FetcherPartition, work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (follower.removed) return
      this.options.logger.warn(`replicating ${follower.key} failed: ${messageOf(error)}`)
      if (toApiError(error).errorName === 'KAFKA_STORAGE_ERROR')
        this.options.onCannotStore?.(follower.partition)
      this.delay(follower)
      follower.reposition()
    }
  }

  private delay(follower: FetcherPartition): void {
    follower.delay(this.options.clock.monotonicMs(), this.options.config.replicaFetchBackoffMs)
  }

  private pause(delayMs: number): Promise<void> {
    if (this.stopped) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = resolve
      if (delayMs < Number.POSITIVE_INFINITY) {
        this.waitTimer = this.options.clock.setTimer(delayMs, () => this.wakeUp(), { unref: true })
      }
    })
  }

  private wakeUp(): void {
    this.waitTimer?.cancel()
    this.waitTimer = undefined
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}
