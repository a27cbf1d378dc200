import path from 'node:path'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import {
  KafkaStorageError,
  LOG_START_OFFSET_CHECKPOINT,
  type OffsetsByPartition,
  parsePartitionDirName,
  readOffsetCheckpoint,
  readPartitionMetadata,
} from '../storage/index.ts'
import type { ClusterState } from './cluster-state.ts'
import { type Damage, LogView } from './log-view.ts'
import type { LogDirectory, Sources } from './sources.ts'

/** One replica's directory. */
export interface ReplicaDir {
  readonly brokerId: number
  readonly logDir: string
  readonly path: string
}

export interface OfflinePartition {
  /** Undefined without znodes. */
  readonly replicas: readonly number[] | undefined
  /** As the znodes had it last; undefined without znodes, and for a partition that never had a leader. */
  readonly state:
    | { readonly leader: number; readonly leaderEpoch: number; readonly isr: readonly number[] }
    | undefined
  readonly dirs: readonly ReplicaDir[]
}

export interface OfflineTopic {
  /** Undefined for topics from before Kafka had ids. */
  readonly topicId: string | undefined
  /** By number, from 0 on without gaps. */
  readonly partitions: readonly OfflinePartition[]
}

export interface CatalogOptions {
  readonly fs: FileSystem
  readonly sources: Sources
  /** Undefined: only the files of the brokers are there. */
  readonly state: ClusterState | undefined
  /** Problems that the user has to know of. */
  readonly logger: Logger
}

/** Everything that the directories hold, by topic and partition. Logs are opened when something is asked of them. */
export class Catalog {
  readonly state: ClusterState | undefined
  readonly logDirs: readonly LogDirectory[]
  readonly topics: ReadonlyMap<string, OfflineTopic>
  private readonly fs: FileSystem
  private readonly logger: Logger
  private readonly logs = new Map<string, Promise<LogView | undefined>>()
  private readonly views = new Map<string, LogView>()
  private readonly startOffsets = new Map<string, OffsetsByPartition>()
  private readonly namesById = new Map<string, string>()
  /** Damaged places by directory. */
  private readonly damages = new Map<string, number>()
  /** Directories whose logs answer for their partitions. */
  private readonly chosen = new Set<string>()

  constructor(options: CatalogOptions) {
    this.fs = options.fs
    this.logger = options.logger
    this.state = options.state
    this.logDirs = options.sources.logDirs
    const dirs = this.listReplicas()
    this.topics = this.state === undefined ? this.topicsOnDisk(dirs) : this.topicsOf(this.state, dirs)
    for (const [name, { topicId }] of this.topics)
      if (topicId !== undefined) this.namesById.set(topicId, name)
  }

  get clusterId(): string | undefined {
    return this.state?.clusterId ?? this.logDirs.find(({ clusterId }) => clusterId !== undefined)?.clusterId
  }

  /** All that are mentioned anywhere, ascending. */
  brokerIds(): number[] {
    const ids = new Set(this.logDirs.map(({ brokerId }) => brokerId))
    for (const { partitions } of this.topics.values()) {
      for (const { replicas, state } of partitions) {
        for (const id of replicas ?? []) ids.add(id)
        if (state !== undefined && state.leader >= 0) ids.add(state.leader)
      }
    }
    return [...ids].sort((a, b) => a - b)
  }

  topicName(topicId: string): string | undefined {
    return this.namesById.get(topicId)
  }

  /** Of the volume that holds a log directory. */
  spaceOf(logDir: string): { totalBytes: number; usableBytes: number } {
    return this.fs.spaceSync(logDir)
  }

  partition(topic: string, partition: number): OfflinePartition | undefined {
    return this.topics.get(topic)?.partitions[partition]
  }

  /** Places where batches could not be read, in the logs that are read. */
  get damageCount(): number {
    let count = 0
    for (const dir of this.chosen) count += this.damages.get(dir) ?? 0
    return count
  }

  /** The replica that answers for the partition; undefined when none is on disk. */
  log(topic: string, partition: number): Promise<LogView | undefined> {
    const name = `${topic}-${partition}`
    let log = this.logs.get(name)
    if (log === undefined) {
      log = this.chooseReplica(topic, partition)
      this.logs.set(name, log)
    }
    return log
  }

  /** The log in one directory. */
  view(dir: ReplicaDir): LogView {
    let view = this.views.get(dir.path)
    if (view === undefined) {
      const startOffset = this.startOffsetsOf(dir.logDir).get(path.basename(dir.path))
      const onDamage = (damage: Damage) => this.reportDamage(dir, damage)
      const onRemoved = ({ from, to }: { from: number; to: number }) =>
        this.logger.warn(
          `${path.basename(dir.path)}: the offsets ${from} to ${to - 1} were removed while they were being read`,
        )
      view = new LogView({ fs: this.fs, dir: dir.path, startOffset, onDamage, onRemoved })
      this.views.set(dir.path, view)
    }
    return view
  }

  async close(): Promise<void> {
    await Promise.all([...this.views.values()].map((view) => view.close()))
  }

  /**
   * The leader that the znodes name, unless another replica has more: then the one with the highest leader epoch, and of
   * those the longest.
   */
  private async chooseReplica(topic: string, partition: number): Promise<LogView | undefined> {
    const known = this.partition(topic, partition)
    const dirs = (known?.dirs ?? []).filter((dir) => this.isOf(topic, dir))
    const leader = known?.state?.leader
    const ordered = [...dirs].sort((a, b) => Number(b.brokerId === leader) - Number(a.brokerId === leader))
    let best: { dir: ReplicaDir; epoch: number; end: number } | undefined
    let failure: unknown
    for (const dir of ordered) {
      try {
        const { endOffset: end, latestEpoch: epoch } = await this.view(dir).offsets()
        const isBetter = best === undefined || epoch > best.epoch || (epoch === best.epoch && end > best.end)
        if (isBetter) best = { dir, epoch, end }
      } catch (error) {
        failure = error
        if (ordered.length > 1) this.logger.warn(`${dir.path} cannot be read: ${messageOf(error)}`)
      }
    }
    if (best === undefined) {
      if (failure !== undefined) throw failure
      return undefined
    }
    this.chosen.add(best.dir.path)
    return this.view(best.dir)
  }

  /** A directory of a topic that was deleted, and made anew under the same name, is not this topic's. */
  private isOf(topic: string, dir: ReplicaDir): boolean {
    const wanted = this.topics.get(topic)?.topicId
    const found = this.topicIdIn(dir)
    if (wanted === undefined || found === undefined || wanted === found) return true
    this.logger.warn(`${dir.path} is left out: it belongs to an earlier topic of this name (${found})`)
    return false
  }

  private topicIdIn(dir: ReplicaDir): string | undefined {
    try {
      return readPartitionMetadata(this.fs, dir.path, this.logger) ?? undefined
    } catch (error) {
      if (error instanceof KafkaStorageError) return undefined
      throw error
    }
  }

  private startOffsetsOf(logDir: string): OffsetsByPartition {
    let offsets = this.startOffsets.get(logDir)
    if (offsets === undefined) {
      try {
        offsets = readOffsetCheckpoint(this.fs, path.join(logDir, LOG_START_OFFSET_CHECKPOINT))
      } catch (error) {
        if (!(error instanceof KafkaStorageError)) throw error
        this.logger.warn(`${error.message}: going on without it`)
        offsets = new Map()
      }
      this.startOffsets.set(logDir, offsets)
    }
    return offsets
  }

  private reportDamage(dir: ReplicaDir, { file, position }: Damage): void {
    this.damages.set(dir.path, (this.damages.get(dir.path) ?? 0) + 1)
    this.logger.warn(
      `${file} is damaged at byte ${position}: what lies behind that in this file is left out. ` +
        `See: kcli segments verify ${file}`,
    )
  }

  /** Directories by topic and partition. Deleted, moving and stray ones do not count. */
  private listReplicas(): Map<string, ReplicaDir[][]> {
    const topics = new Map<string, ReplicaDir[][]>()
    for (const { path: logDir, brokerId } of this.logDirs) {
      for (const name of this.fs.readdirSync(logDir)) {
        const parsed = parsePartitionDirName(name)
        if (parsed === undefined) continue
        const partitions = topics.get(parsed.topic) ?? []
        topics.set(parsed.topic, partitions)
        const replicas = partitions[parsed.partition] ?? []
        partitions[parsed.partition] = replicas
        replicas.push({ brokerId, logDir, path: path.join(logDir, name) })
      }
    }
    return topics
  }

  private topicsOnDisk(dirs: ReadonlyMap<string, ReplicaDir[][]>): Map<string, OfflineTopic> {
    const topics = new Map<string, OfflineTopic>()
    for (const name of [...dirs.keys()].sort()) {
      const partitions = Array.from(dirs.get(name) ?? [], (found) => ({
        replicas: undefined,
        state: undefined,
        dirs: found ?? [],
      }))
      const [first] = partitions.flatMap((partition) => partition.dirs)
      topics.set(name, { topicId: first && this.topicIdIn(first), partitions })
    }
    return topics
  }

  private topicsOf(state: ClusterState, dirs: Map<string, ReplicaDir[][]>): Map<string, OfflineTopic> {
    const topics = new Map<string, OfflineTopic>()
    for (const name of state.topics()) {
      const { topicId, partitions: assigned } = state.assignment(name)
      const count = Math.max(0, ...[...assigned.keys()].map((partition) => partition + 1))
      const partitions = Array.from({ length: count }, (_, partition) => ({
        replicas: assigned.get(partition)?.replicas ?? [],
        state: state.partition(name, partition),
        dirs: dirs.get(name)?.[partition] ?? [],
      }))
      topics.set(name, { topicId, partitions })
      dirs.delete(name)
    }
    if (dirs.size > 0) {
      const names = [...dirs.keys()].sort()
      const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '')
      this.logger.warn(
        `the znodes know nothing of ${names.length === 1 ? 'the topic' : `${names.length} topics`} ${shown}, whose logs ` +
          "are on disk: left out. To read them, name the log directories without ZooKeeper's",
      )
    }
    return topics
  }
}
