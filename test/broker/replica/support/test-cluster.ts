import { onTestFinished } from 'vitest'
import { messageOf } from '../../../../src/base/errors.ts'
import { silentLogger } from '../../../../src/base/logger.ts'
import { isFileRange, type Network, type Part } from '../../../../src/base/network.ts'
import { createNodeNetwork } from '../../../../src/base/node-network.ts'
import { seededRandom } from '../../../../src/base/random.ts'
import { randomUuid, ZERO_UUID } from '../../../../src/base/uuid.ts'
import { ApiRegistry } from '../../../../src/broker/api/registry.ts'
import { replicaHandlers } from '../../../../src/broker/api/replica-handlers.ts'
import { MetadataCache } from '../../../../src/broker/metadata/index.ts'
import { NetworkServer } from '../../../../src/broker/network/server.ts'
import {
  type AppendResult,
  type FetchParams,
  type FetchPartition,
  type LogDirMoveLimits,
  type ReplicaConfig,
  ReplicaManager,
  type ReplicationThrottles,
} from '../../../../src/broker/replica/index.ts'
import { RECOVERED, RECOVERING } from '../../../../src/broker/zk/znodes.ts'
import { Connection } from '../../../../src/client/net/index.ts'
import { ERROR_CODES } from '../../../../src/protocol/index.ts'
import type { LeaderAndIsrRequest } from '../../../../src/protocol/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest } from '../../../../src/protocol/messages/05-stop-replica.ts'
import type { UpdateMetadataRequest } from '../../../../src/protocol/messages/06-update-metadata.ts'
import type {
  AlterPartitionRequestInput,
  AlterPartitionResponse,
} from '../../../../src/protocol/messages/56-alter-partition.ts'
import {
  DEFAULT_LOG_CONFIG,
  type Log,
  type LogConfig,
  LogManager,
  type LogTuning,
} from '../../../../src/storage/index.ts'
import { batchOf, readRaw } from '../../../storage/support.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../../support/memory-file-system.ts'

export { batchOf, values } from '../../../storage/support.ts'

export const LISTENER = 'PLAINTEXT'

interface PartitionRecord {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly replicas: readonly number[]
  leader: number
  leaderEpoch: number
  isr: readonly number[]
  partitionEpoch: number
  leaderRecoveryState: number
}

export interface ClusterOptions {
  readonly brokers?: number
  readonly config?: Partial<ReplicaConfig>
  readonly logConfig?: Partial<LogConfig>
  readonly tuning?: Partial<LogTuning>
  /** Of each broker; consumers are sent to replicas in their rack then. */
  readonly racks?: readonly string[]
  /** Beside the first one, of each broker. */
  readonly moreLogDirs?: readonly string[]
  readonly logDirMoves?: LogDirMoveLimits
  /** By broker. */
  readonly throttles?: (id: number) => ReplicationThrottles
}

/** One broker without a controller: replicas, logs, and a server for its peers on an in-process pipe. */
export class TestBroker {
  readonly id: number
  readonly dir = '/logs'
  readonly metadata = new MetadataCache()
  logManager!: LogManager
  replicas!: ReplicaManager
  private server!: NetworkServer
  private readonly cluster: TestCluster
  isUp = false
  /** What the replica manager logged as errors. */
  readonly errors: string[] = []
  /** In memory, so that no real time passes while it works. It stays over restarts. */
  private readonly fs = new MemoryFileSystem()

  constructor(cluster: TestCluster, id: number) {
    this.cluster = cluster
    this.id = id
  }

  /** As after a kill: the next start has to look at every log. */
  forgetCleanStop(): void {
    this.fs.removeSync(`${this.dir}/.kafka_cleanshutdown`)
  }

  async start(): Promise<void> {
    const { clock, network, options } = this.cluster
    this.logManager = await LogManager.open({
      fs: this.fs,
      clock,
      logger: silentLogger,
      random: seededRandom(this.id),
      logDirs: [this.dir, ...(options.moreLogDirs ?? [])],
      brokerId: this.id,
      clusterId: 'test',
      defaults: { ...DEFAULT_LOG_CONFIG, ...options.logConfig },
      loadTopicConfig: () => ({}),
      ...(options.tuning && { tuning: options.tuning }),
    })
    this.replicas = new ReplicaManager({
      brokerId: this.id,
      brokerEpoch: () => 1,
      config: options.config ?? {},
      clock,
      logger: {
        ...silentLogger,
        error: (message, error) => void this.errors.push(`${message}: ${messageOf(error)}`),
      },
      random: seededRandom(100 + this.id),
      logManager: this.logManager,
      metadataCache: this.metadata,
      connectToBroker: (id) => this.cluster.connect(id),
      alterPartition: (request) => this.cluster.alterPartition(request),
      isRackAware: options.racks !== undefined,
      ...(options.throttles && { throttles: options.throttles(this.id) }),
      ...(options.logDirMoves && { logDirMoves: options.logDirMoves }),
    })
    this.replicas.start()
    this.server = new NetworkServer({
      network,
      clock,
      logger: silentLogger,
      limits: () => ({
        maxRequestBytes: 100 * 1024 * 1024,
        connectionsMaxIdleMs: 600_000,
        maxConnections: 1000,
        maxConnectionsPerIp: 1000,
      }),
    })
    await this.server.bind([
      {
        name: LISTENER,
        securityProtocol: 'PLAINTEXT',
        bind: [{ kind: 'pipe', name: `broker-${this.id}` }],
        advertisedHost: `broker-${this.id}`,
        advertisedPort: 9092,
      },
    ])
    this.server.startProcessing(new ApiRegistry(replicaHandlers(this.replicas), silentLogger))
    this.isUp = true
  }

  async stop(): Promise<void> {
    if (!this.isUp) return
    this.isUp = false
    await this.replicas.shutdown()
    const closing = this.server.close(1)
    await turns(5)
    await this.cluster.clock.advance(1)
    await closing
    await this.logManager.shutdown()
  }

  log(topic: string, partition = 0): Log {
    const log = this.logManager.getLog(topic, partition)
    if (log === undefined) throw new Error(`broker ${this.id} has no log of ${topic}-${partition}`)
    return log
  }

  raw(topic: string, partition = 0): Promise<Buffer> {
    return readRaw(this.log(topic, partition), 0, { maxBytes: 64 * 1024 * 1024 })
  }

  async produce(
    topic: string,
    values: readonly string[],
    options: { acks?: number; timeoutMs?: number; partition?: number } = {},
  ): Promise<AppendResult> {
    const { acks = -1, timeoutMs = 30_000, partition = 0 } = options
    const [result] = await this.replicas.appendRecords({
      requiredAcks: acks,
      timeoutMs,
      origin: 'client',
      entries: [{ topic, partition, records: batchOf(values) }],
    })
    if (result === undefined) throw new Error('no result')
    return result
  }

  /** A consumer's fetch of one partition. */
  async fetch(partition: Partial<FetchPartition> & { topic: string }, params: Partial<FetchParams> = {}) {
    const [result] = await this.replicas.fetch(fetchParams(params), [fetchPartition(partition)])
    if (result === undefined) throw new Error('no result')
    return result
  }
}

export function fetchParams(params: Partial<FetchParams> = {}): FetchParams {
  return {
    replicaId: -1,
    replicaEpoch: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 50 * 1024 * 1024,
    isolation: 'high-watermark',
    hardMaxBytesLimit: false,
    onlyFromLeader: true,
    ...params,
  }
}

export function fetchPartition(partition: Partial<FetchPartition> & { topic: string }): FetchPartition {
  return {
    topicId: null,
    partition: 0,
    fetchOffset: 0,
    maxBytes: 1024 * 1024,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    ...partition,
  }
}

/** Brokers, and a controller that is this object: it keeps the partitions' states and sends them out. */
export class TestCluster {
  readonly clock = new ManualClock()
  readonly network: Network = createNodeNetwork(this.clock)
  readonly options: ClusterOptions
  readonly brokers: TestBroker[] = []
  readonly partitions = new Map<string, PartitionRecord>()
  /** Requests for another ISR, as they came. */
  readonly isrRequests: { key: string; isr: number[]; partitionEpoch: number }[] = []
  /** What the controller does with them; undefined: what it ought to. */
  refuseIsr: ((key: string, isr: number[]) => number | 'unreachable' | undefined) | undefined
  controllerEpoch = 1
  private readonly blocked = new Set<string>()
  private readonly connections = new Set<{ to: number; connection: Connection }>()
  private readonly random = seededRandom(7)

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options)
    for (let id = 0; id < (options.brokers ?? 3); id++) cluster.brokers.push(new TestBroker(cluster, id))
    for (const broker of cluster.brokers) await broker.start()
    onTestFinished(() => cluster.stop())
    cluster.updateMetadata()
    return cluster
  }

  private constructor(options: ClusterOptions) {
    this.options = options
  }

  broker(id: number): TestBroker {
    const broker = this.brokers[id]
    if (broker === undefined) throw new Error(`no broker ${id}`)
    return broker
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.stop()))
  }

  /** Cuts the way to a broker, both open connections and new ones. */
  block(id: number): void {
    this.blocked.add(String(id))
    for (const each of this.connections) if (each.to === id) each.connection.close()
  }

  unblock(id: number): void {
    this.blocked.delete(String(id))
  }

  async connect(id: number): Promise<Connection> {
    if (this.blocked.has(String(id))) throw new Error(`broker ${id} cannot be reached`)
    const connection = await Connection.open(
      this.network,
      { kind: 'pipe', name: `broker-${id}` },
      { clock: this.clock, clientId: 'test', connectTimeoutMs: 10_000, requestTimeoutMs: 30_000 },
    )
    this.connections.add({ to: id, connection })
    return connection
  }

  /** The first replica leads, all are in sync. */
  async createTopic(topic: string, replicas: readonly number[], partitions = 1): Promise<void> {
    const topicId = randomUuid(this.random)
    for (let partition = 0; partition < partitions; partition++) {
      const turned = replicas.map((_, i) => replicas[(i + partition) % replicas.length] as number)
      this.partitions.set(`${topic}-${partition}`, {
        topic,
        topicId,
        partition,
        replicas: turned,
        leader: turned[0] as number,
        leaderEpoch: 0,
        isr: turned,
        partitionEpoch: 0,
        leaderRecoveryState: RECOVERED,
      })
    }
    await this.tellAll()
  }

  record(key: string): PartitionRecord {
    const record = this.partitions.get(key)
    if (record === undefined) throw new Error(`no partition ${key}`)
    return record
  }

  /** A new leader epoch. */
  async elect(key: string, leader: number, isr?: readonly number[]): Promise<void> {
    const record = this.record(key)
    record.leader = leader
    record.leaderEpoch++
    record.partitionEpoch++
    if (isr !== undefined) record.isr = isr
    await this.tellAll([record])
  }

  /** Sends roles and metadata to every broker that is up. */
  async tellAll(records: readonly PartitionRecord[] = [...this.partitions.values()]): Promise<void> {
    const up = this.brokers.filter((broker) => broker.isUp)
    await Promise.all(up.map((broker) => this.tell(broker.id, records)))
    this.updateMetadata()
  }

  tell(id: number, records: readonly PartitionRecord[] = [...this.partitions.values()]) {
    const own = records.filter((record) => record.replicas.includes(id))
    return this.broker(id).replicas.becomeLeaderOrFollower(this.roles(own), 7)
  }

  roles(records: readonly PartitionRecord[]): LeaderAndIsrRequest {
    const topics = new Map<string, PartitionRecord[]>()
    for (const record of records) topics.set(record.topic, [...(topics.get(record.topic) ?? []), record])
    return {
      controllerId: 0,
      isKRaftController: false,
      controllerEpoch: this.controllerEpoch,
      brokerEpoch: 1,
      type: 0,
      ungroupedPartitionStates: [],
      topicStates: [...topics].map(([topicName, each]) => ({
        topicName,
        topicId: each[0]?.topicId ?? ZERO_UUID,
        partitionStates: each.map((record) => ({
          ...this.stateOf(record),
          partitionEpoch: record.partitionEpoch,
          addingReplicas: [],
          removingReplicas: [],
          isNew: false,
          leaderRecoveryState: record.leaderRecoveryState,
        })),
      })),
      liveLeaders: [],
    }
  }

  private stateOf(record: PartitionRecord) {
    return {
      topicName: record.topic,
      partitionIndex: record.partition,
      controllerEpoch: this.controllerEpoch,
      leader: record.leader,
      leaderEpoch: record.leaderEpoch,
      isr: [...record.isr],
      replicas: [...record.replicas],
    }
  }

  stopReplica(
    id: number,
    key: string,
    options: { leaderEpoch?: number; isDeleted?: boolean; controllerEpoch?: number } = {},
  ) {
    const { topic, partition } = this.record(key)
    const { leaderEpoch = -2, isDeleted = true, controllerEpoch = this.controllerEpoch } = options
    const request: StopReplicaRequest = {
      controllerId: 0,
      isKRaftController: false,
      controllerEpoch,
      brokerEpoch: 1,
      deletePartitions: false,
      ungroupedPartitions: [],
      topics: [],
      topicStates: [
        {
          topicName: topic,
          partitionStates: [{ partitionIndex: partition, leaderEpoch, deletePartition: isDeleted }],
        },
      ],
    }
    return this.broker(id).replicas.stopReplicas(request, 4)
  }

  updateMetadata(): void {
    const request: UpdateMetadataRequest = {
      controllerId: 0,
      isKRaftController: false,
      type: 0,
      controllerEpoch: this.controllerEpoch,
      brokerEpoch: 1,
      ungroupedPartitionStates: [],
      topicStates: [...this.partitions.values()].map((record) => ({
        topicName: record.topic,
        topicId: record.topicId,
        partitionStates: [{ ...this.stateOf(record), zkVersion: record.partitionEpoch, offlineReplicas: [] }],
      })),
      liveBrokers: this.brokers
        .filter((broker) => broker.isUp)
        .map(({ id }) => ({
          id,
          v0Host: '',
          v0Port: 0,
          endpoints: [{ port: 9092, host: `broker-${id}`, listener: LISTENER, securityProtocol: 0 }],
          rack: this.options.racks?.[id] ?? null,
        })),
    }
    for (const broker of this.brokers) {
      if (!broker.isUp) continue
      broker.metadata.updateMetadata(request)
      broker.replicas.onMetadataUpdate()
    }
  }

  async alterPartition(request: AlterPartitionRequestInput): Promise<AlterPartitionResponse> {
    const topics: AlterPartitionResponse['topics'] = []
    for (const { topicId, partitions } of request.topics ?? []) {
      const answers: AlterPartitionResponse['topics'][number]['partitions'] = []
      for (const asked of partitions ?? []) {
        const record = [...this.partitions.values()].find(
          (each) => each.topicId === topicId && each.partition === asked.partitionIndex,
        )
        if (record === undefined) throw new Error('an unknown partition')
        const isr = (asked.newIsrWithEpochs ?? []).map(({ brokerId }) => brokerId as number)
        const key = `${record.topic}-${record.partition}`
        this.isrRequests.push({ key, isr, partitionEpoch: asked.partitionEpoch as number })
        const refusal = this.refuseIsr?.(key, isr)
        if (refusal === 'unreachable') throw new Error('no controller')
        let errorCode = refusal ?? 0
        if (errorCode === 0 && asked.partitionEpoch !== record.partitionEpoch) errorCode = 95
        if (asked.leaderRecoveryState === RECOVERING && isr.length > 1)
          errorCode = ERROR_CODES.INVALID_REQUEST
        if (errorCode === 0) {
          record.isr = isr
          record.leaderRecoveryState = asked.leaderRecoveryState ?? RECOVERED
          record.partitionEpoch++
        }
        answers.push({
          partitionIndex: record.partition,
          errorCode,
          leaderId: record.leader,
          leaderEpoch: record.leaderEpoch,
          isr: [...record.isr],
          leaderRecoveryState: 0,
          partitionEpoch: record.partitionEpoch,
        })
      }
      topics.push({ topicName: '', topicId: topicId as string, partitions: answers })
    }
    return { throttleTimeMs: 0, errorCode: 0, topics }
  }

  /** Lets the loop run, files and all, until it is so. */
  async until(condition: () => boolean, what = 'what was waited for'): Promise<void> {
    const deadline = performance.now() + 5000
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`${what} did not happen`)
      await turn()
    }
  }

  /** The same while virtual time goes on, for what waits for a timer. */
  async untilLater(condition: () => boolean, stepMs = 10, what = 'what was waited for'): Promise<void> {
    const deadline = performance.now() + 5000
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`${what} did not happen`)
      await this.clock.advance(stepMs)
    }
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** The bytes of a result; its file ranges are released. */
export async function bytesOf(parts: readonly Part[]): Promise<Buffer> {
  const pieces = parts.map((part) => {
    if (!isFileRange(part)) return part
    const bytes = Buffer.alloc(part.length)
    part.file.readSync(bytes, 0, part.length, part.position)
    part.release()
    return bytes
  })
  return Buffer.concat(pieces)
}
