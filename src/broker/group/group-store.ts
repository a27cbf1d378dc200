import type { Clock, Timer } from '../../base/clock.ts'
import { KcliError, messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { ErrorName } from '../../protocol/index.ts'
import { BatchBuilder, type BatchOptions } from '../../records/index.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { Group } from './group.ts'
import type { GroupConfig } from './group-config.ts'
import { loadGroups } from './group-loader.ts'
import type { OffsetPartition, PartitionOffset } from './group-offsets.ts'
import { type GroupRecord, groupRecord, groupTombstone, offsetRecord } from './group-records.ts'
import { OFFSETS_TOPIC, type OffsetsTopicSize, partitionOfGroup } from './offsets-topic.ts'

/** Partitions nobody asks for are read when the broker has served this long: most commands are over by then. */
const LOAD_DELAY_MS = 500
/** A request for a group that is being read waits this long before its client is told to come again. */
const LOAD_GRACE_MS = 250

/** Commits share their way with those of transactions in Kafka: their batches have a sequence number, and no producer. */
const OF_OFFSETS: BatchOptions = { baseSequence: 0 }

export interface GroupStoreDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly config: GroupConfig
  readonly replicas: Pick<ReplicaManager, 'partition' | 'appendRecords'>
  /** Of the offsets topic. */
  readonly size: OffsetsTopicSize
  readonly onLoaded: (group: Group) => void
  readonly onUnloaded: (group: Group) => void
}

/** A partition of the offsets topic that this broker leads. */
interface Owned {
  /** Set when somebody has asked for it, or its time has come. */
  loading: Promise<void> | undefined
  isLoaded: boolean
}

/**
 * The groups whose partition of the offsets topic this broker leads, and their way into its log and out of it
 * (kafka.coordinator.group.GroupMetadataManager).
 */
export class GroupStore {
  private readonly deps: GroupStoreDeps
  private readonly groups = new Map<string, Group>()
  private readonly owned = new Map<number, Owned>()
  private loadTimer: Timer | undefined
  private isActive = true

  constructor(deps: GroupStoreDeps) {
    this.deps = deps
  }

  /** Undefined when that cannot be told now. */
  async findPartition(groupId: string): Promise<number | undefined> {
    return (await this.deps.size.settle()) ? this.partitionOf(groupId) : undefined
  }

  private partitionOf(groupId: string): number {
    return partitionOfGroup(groupId, this.deps.size.count)
  }

  // Which groups are here

  /** Why requests for the group are refused here; null when they are not (GroupCoordinator.validateGroupStatus). */
  async whyNot(groupId: string, options: { needsGroupId: boolean }): Promise<ErrorName | null> {
    if (options.needsGroupId && groupId === '') return 'INVALID_GROUP_ID'
    if (!this.isActive) return 'COORDINATOR_NOT_AVAILABLE'
    if (this.owned.size === 0) return 'NOT_COORDINATOR'
    const partition = await this.findPartition(groupId)
    if (partition === undefined) return 'COORDINATOR_NOT_AVAILABLE'
    const owned = this.owned.get(partition)
    if (owned !== undefined && !owned.isLoaded) await this.loadWithin(partition, owned)
    const now = this.owned.get(partition)
    if (!this.isActive) return 'COORDINATOR_NOT_AVAILABLE'
    if (now === undefined) return 'NOT_COORDINATOR'
    return now.isLoaded ? null : 'COORDINATOR_LOAD_IN_PROGRESS'
  }

  /** Resolves when all groups of this broker are here, or when that takes too long: false then. */
  async loadAll(): Promise<boolean> {
    const unloaded = [...this.owned].filter(([, { isLoaded }]) => !isLoaded)
    await Promise.all(unloaded.map(([partition, owned]) => this.loadWithin(partition, owned)))
    return [...this.owned.values()].every(({ isLoaded }) => isLoaded)
  }

  get isOpen(): boolean {
    return this.isActive
  }

  get(groupId: string): Group | undefined {
    return this.groups.get(groupId)
  }

  getOrCreate(groupId: string): Group {
    let group = this.groups.get(groupId)
    if (group === undefined) {
      group = new Group(groupId, this.deps.clock)
      this.groups.set(groupId, group)
    }
    return group
  }

  all(): Group[] {
    return [...this.groups.values()]
  }

  // Partitions that come and go

  onElected(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (this.owned.has(partition)) continue
      const owned: Owned = { loading: undefined, isLoaded: false }
      this.owned.set(partition, owned)
    }
    if (partitions.length === 0) return
    this.loadTimer ??= this.deps.clock.setTimer(LOAD_DELAY_MS, () => this.loadRest(), { unref: true })
  }

  private loadRest(): void {
    this.loadTimer = undefined
    void this.loadOneByOne()
  }

  private async loadOneByOne(): Promise<void> {
    for (const [partition, owned] of this.owned) {
      if (!this.isActive) return
      if (!owned.isLoaded) await this.load(partition, owned)
    }
  }

  private async loadWithin(partition: number, owned: Owned): Promise<void> {
    let timer: Timer | undefined
    const timeUp = new Promise<void>((resolve) => {
      timer = this.deps.clock.setTimer(LOAD_GRACE_MS, resolve, { unref: true })
    })
    await Promise.race([this.load(partition, owned), timeUp])
    timer?.cancel()
  }

  private load(partition: number, owned: Owned): Promise<void> {
    owned.loading ??= this.read(partition, owned)
    return owned.loading
  }

  /** What cannot be read is not taken for empty: the next request tries again, and clients are told to come back. */
  private async read(partition: number, owned: Owned): Promise<void> {
    const { clock, logger, config, replicas, onLoaded } = this.deps
    const isWanted = () => this.isActive && this.owned.get(partition) === owned
    const startMs = clock.monotonicMs()
    try {
      const log = replicas.partition(OFFSETS_TOPIC, partition)?.leaderLog
      if (log === undefined) throw new KcliError('KCLI_NOT_LEADER', 'its replica is not here')
      const options = { clock, logger, bufferBytes: config.loadBufferBytes, isWanted }
      const groups = await loadGroups(log, options)
      if (groups === null) return
      for (const group of groups) {
        this.groups.set(group.groupId, group)
        onLoaded(group)
      }
      owned.isLoaded = true
      const tookMs = Math.round(clock.monotonicMs() - startMs)
      if (groups.length > 0)
        logger.info(`${groups.length} groups of ${OFFSETS_TOPIC}-${partition} read in ${tookMs} ms`)
    } catch (error) {
      if (isWanted()) logger.error(`reading the groups of ${OFFSETS_TOPIC}-${partition} failed`, error)
      owned.loading = undefined
    }
  }

  onResigned(partitions: readonly number[]): void {
    const gone = new Set(partitions.filter((partition) => this.owned.delete(partition)))
    if (gone.size === 0) return
    for (const group of this.all()) {
      if (!gone.has(this.partitionOf(group.groupId))) continue
      this.groups.delete(group.groupId)
      this.deps.onUnloaded(group)
    }
  }

  /** Everything that waits is answered; nothing is written any more. */
  close(): void {
    this.isActive = false
    this.loadTimer?.cancel()
    for (const group of this.groups.values()) this.deps.onUnloaded(group)
    this.groups.clear()
    this.owned.clear()
  }

  // Writing

  /** The group as it is now, with these assignments. */
  async storeGroup(group: Group, assignments: ReadonlyMap<string, Buffer>): Promise<ErrorName> {
    const { error } = await this.append(group, [groupRecord(group, assignments)], this.commitAcks)
    return GROUP_ERRORS[error] ?? error
  }

  /** Makes the offsets those of the group once they are replicated (storeOffsets). */
  async storeOffsets(group: Group, offsets: readonly PartitionOffset[]): Promise<ErrorName> {
    const records = offsets.map(({ topic, partition, committed }) =>
      offsetRecord(group.groupId, topic, partition, committed),
    )
    group.offsets.prepare(offsets)
    const { error, baseOffset } = await this.append(group, records, this.commitAcks, OF_OFFSETS)
    if (!group.is('Dead')) {
      if (error === 'NONE') group.offsets.complete(offsets, baseOffset)
      else group.offsets.fail(offsets)
    }
    return COMMIT_ERRORS[error] ?? error
  }

  /**
   * Takes offsets away, and the group with them when nothing is left of it. Resolves when the tombstones are in this
   * broker's log; when that fails, the next round does it (cleanupGroupMetadata).
   */
  async cleanUp(
    groups: readonly Group[],
    remove: (group: Group) => readonly OffsetPartition[],
  ): Promise<void> {
    await Promise.all(groups.map((group) => this.cleanUpOne(group, remove(group))))
  }

  private async cleanUpOne(group: Group, removed: readonly OffsetPartition[]): Promise<void> {
    const { groupId, generationId } = group
    if (group.is('Empty') && group.offsets.isEmpty) group.transitionTo('Dead')
    const records = removed.map(({ topic, partition }) => offsetRecord(groupId, topic, partition, null))
    if (group.is('Dead') && this.groups.get(groupId) === group) {
      this.groups.delete(groupId)
      group.cancelTimers()
      // A group that only stored offsets has no record of its own.
      if (generationId > 0) records.push(groupTombstone(groupId))
    }
    if (records.length === 0) return
    const { error } = await this.append(group, records, 0)
    if (error !== 'NONE') {
      this.deps.logger.warn(`${records.length} tombstones of group ${groupId} are not written: ${error}`)
    }
  }

  private get commitAcks(): number {
    return this.deps.config.commitRequiredAcks
  }

  private async append(
    group: Group,
    records: readonly GroupRecord[],
    requiredAcks: number,
    options: BatchOptions = {},
  ): Promise<{ error: ErrorName; baseOffset: number }> {
    const { clock, config, replicas, logger } = this.deps
    const batch = new BatchBuilder({ ...options, codec: config.codec })
    const nowMs = clock.nowMs()
    for (const { key, value } of records) batch.append(nowMs, key, value)
    const partition = this.partitionOf(group.groupId)
    try {
      const [result] = await replicas.appendRecords({
        requiredAcks,
        timeoutMs: config.commitTimeoutMs,
        origin: 'coordinator',
        internalTopicsAllowed: true,
        entries: [{ topic: OFFSETS_TOPIC, partition, records: batch.build() }],
      })
      return { error: result?.error ?? 'UNKNOWN_SERVER_ERROR', baseOffset: result?.baseOffset ?? -1 }
    } catch (error) {
      logger.error(`writing of group ${group.groupId} failed: ${messageOf(error)}`)
      return { error: 'UNKNOWN_SERVER_ERROR', baseOffset: -1 }
    }
  }
}

/** What clients are told when the log refuses a record. */
const COMMON_ERRORS: Readonly<Record<string, ErrorName>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'COORDINATOR_NOT_AVAILABLE',
  NOT_LEADER_OR_FOLLOWER: 'NOT_COORDINATOR',
  KAFKA_STORAGE_ERROR: 'NOT_COORDINATOR',
}

const GROUP_ERRORS: Readonly<Record<string, ErrorName>> = {
  ...COMMON_ERRORS,
  REQUEST_TIMED_OUT: 'REBALANCE_IN_PROGRESS',
  MESSAGE_TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
  RECORD_LIST_TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
  INVALID_FETCH_SIZE: 'UNKNOWN_SERVER_ERROR',
}

const COMMIT_ERRORS: Readonly<Record<string, ErrorName>> = {
  ...COMMON_ERRORS,
  MESSAGE_TOO_LARGE: 'INVALID_COMMIT_OFFSET_SIZE',
  RECORD_LIST_TOO_LARGE: 'INVALID_COMMIT_OFFSET_SIZE',
  INVALID_FETCH_SIZE: 'INVALID_COMMIT_OFFSET_SIZE',
}
