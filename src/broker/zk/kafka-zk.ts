import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import {
  isZooKeeperError,
  type Op,
  type Stat,
  type Watcher,
  ZooKeeperMultiError,
} from '../../zookeeper/index.ts'
import { ControllerMovedError } from './controller-moved-error.ts'
import { created, PARTITIONS_PER_MULTI, statOf, ZkPartitionStates } from './zk-partition-states.ts'
import { type SessionListener, ZkSession, type ZkSessionOptions } from './zk-session.ts'
import {
  type BrokerInfo,
  brokerIdsZnode,
  brokerIdZnode,
  brokerSequenceIdZnode,
  clusterIdZnode,
  configEntityZnode,
  consumerOffsetZnode,
  controllerEpochZnode,
  controllerZnode,
  deleteTopicsZnode,
  type FinalizedFeatures,
  featureZnode,
  PERSISTENT_PATHS,
  type ProducerIdsBlock,
  producerIdBlockZnode,
  type TopicAssignment,
  topicPartitionsZnode,
  topicsZnode,
  topicZnode,
  ZnodeError,
} from './znodes.ts'

export interface RegisteredBroker {
  readonly info: BrokerInfo
  /** The czxid of the registration: it grows each time the broker registers. */
  readonly epoch: number
}

export interface ControllerEpoch {
  readonly epoch: number
  /** The version of /controller_epoch, which every write of this controller checks. */
  readonly zkVersion: number
}

/** org.apache.kafka.server.common.ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE. */
export const PRODUCER_ID_BLOCK_SIZE = 1000

/**
 * What Kafka does in ZooKeeper, one method a use (kafka.zk.KafkaZkClient). Requests of one call are pipelined; a lost
 * connection is waited for. Writes of the controller carry the version of /controller_epoch that it was elected with, and
 * reject with a {@link ControllerMovedError} when there has been another election since.
 */
export class KafkaZkClient extends ZkPartitionStates {
  private readonly clock: Clock
  private readonly logger: Logger
  /** The session in which this broker last registered. */
  private registeredIn: bigint | undefined

  static async open(options: ZkSessionOptions): Promise<KafkaZkClient> {
    return new KafkaZkClient(await ZkSession.open(options), options)
  }

  private constructor(session: ZkSession, options: ZkSessionOptions) {
    super(session)
    this.clock = options.clock
    this.logger = options.logger
  }

  get sessionId(): bigint {
    return this.session.id
  }

  /** Whether ZooKeeper can be reached at the moment, as far as this side has noticed. */
  get isConnected(): boolean {
    return this.session.isConnected
  }

  /** Returns the function that ends it. */
  onSession(listener: SessionListener): () => void {
    return this.session.listen(listener)
  }

  /** Ends the session and with it this broker's registration. */
  close(): Promise<void> {
    return this.session.close()
  }

  // The cluster

  async createTopLevelPaths(): Promise<void> {
    const paths = new Set<string>()
    for (const path of PERSISTENT_PATHS) {
      for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1))
        paths.add(path.slice(0, at))
      paths.add(path)
    }
    // Most starts find them all: reading is cheaper than failing to write.
    const found = await Promise.all([...paths].map((path) => this.exists(path)))
    const missing = [...paths].filter((_, index) => !found[index])
    await Promise.all(missing.map((path) => this.createIfMissing(path, null)))
  }

  async clusterId(): Promise<string | null> {
    const node = await this.read(clusterIdZnode.path)
    return node === null ? null : clusterIdZnode.decode(node.data)
  }

  /** The cluster's id: `proposed` when it has none yet. */
  async createOrGetClusterId(proposed: string): Promise<string> {
    const existing = await this.clusterId()
    if (existing !== null) return existing
    await this.createIfMissing('/cluster', null)
    await this.createIfMissing(clusterIdZnode.path, clusterIdZnode.encode(proposed))
    return (await this.clusterId()) ?? proposed
  }

  /** Null when there is no /feature. */
  async features(): Promise<FinalizedFeatures | null> {
    const node = await this.read(featureZnode.path)
    return node === null ? null : featureZnode.decode(node.data)
  }

  async setFeatures(features: FinalizedFeatures): Promise<void> {
    await this.setOrCreate(featureZnode.path, featureZnode.encode(features))
  }

  // Brokers

  /**
   * Registers this broker for as long as the session lasts and resolves to its epoch. Rejects with NODEEXISTS when
   * another session holds the id; what an expired session of this client left behind is replaced.
   */
  async registerBroker(info: BrokerInfo): Promise<number> {
    const path = brokerIdZnode.path(info.id)
    const data = brokerIdZnode.encode(info, this.clock.nowMs())
    for (;;) {
      try {
        const results = await this.run((zk) =>
          zk.multi([
            { type: 'create', path, data: null, mode: 'ephemeral' },
            { type: 'setData', path, data, version: 0 },
          ]),
        )
        return this.registered(statOf(results[1]))
      } catch (error) {
        if (!isZooKeeperError(error, 'NODEEXISTS')) throw error
        const node = await this.read(path)
        if (node === null) continue
        const owner = node.stat.ephemeralOwner
        if (owner === this.session.id) return this.registered(node.stat)
        if (owner !== this.registeredIn) {
          this.logger.error(
            `Error while creating ephemeral at ${path}, node already exists and owner '0x${owner.toString(16)}' does not match current session '0x${this.session.id.toString(16)}'`,
          )
          throw error
        }
        this.logger.info(`replacing ${path}, which an expired session of this broker left behind`)
        await this.deleteIfThere(path)
      }
    }
  }

  private registered(stat: Stat): number {
    this.registeredIn = stat.ephemeralOwner
    return stat.czxid
  }

  async updateBrokerInfo(info: BrokerInfo): Promise<void> {
    const data = brokerIdZnode.encode(info, this.clock.nowMs())
    await this.run((zk) => zk.setData(brokerIdZnode.path(info.id), data))
  }

  /** All registered brokers by id; `onChange` is called once when one comes or goes, `onUpdate` when one changes. */
  async brokers(onChange?: Watcher, onUpdate?: Watcher): Promise<RegisteredBroker[]> {
    const ids = (await this.children(brokerIdsZnode.path, onChange)).map(Number).sort((a, b) => a - b)
    const found = await Promise.all(
      ids.map((id) => this.broker(id, onUpdate).catch((error) => this.unreadable(error))),
    )
    return found.filter((broker) => broker !== null)
  }

  async broker(id: number, onUpdate?: Watcher): Promise<RegisteredBroker | null> {
    const node = await this.read(brokerIdZnode.path(id), onUpdate)
    return node === null ? null : { info: brokerIdZnode.decode(id, node.data), epoch: node.stat.czxid }
  }

  /** For `broker.id.generation.enable`: 1, 2, 3, … */
  async generateBrokerSequenceId(): Promise<number> {
    try {
      return (await this.run((zk) => zk.setData(brokerSequenceIdZnode.path, null))).version
    } catch (error) {
      if (!isZooKeeperError(error, 'NONODE')) throw error
      await this.createIfMissing('/brokers', null)
      await this.createIfMissing(brokerSequenceIdZnode.path, null)
      return this.generateBrokerSequenceId()
    }
  }

  // The controller

  /** Null when there is none. `onChange` is called once when /controller comes, goes or changes. */
  async controllerId(onChange?: Watcher): Promise<number | null> {
    const { path, decode } = controllerZnode
    for (;;) {
      const node = await this.read(path, onChange)
      if (node !== null) return decode(node.data)
      // What comes between the two requests must not be missed.
      if (onChange === undefined || !(await this.exists(path, onChange))) return null
    }
  }

  /** Takes /controller and counts the epoch up, both or neither. Rejects with {@link ControllerMovedError}. */
  async registerController(brokerId: number): Promise<ControllerEpoch> {
    const current = (await this.readEpoch()) ?? (await this.firstEpoch())
    const epoch = current.epoch + 1
    try {
      const results = await this.run((zk) =>
        zk.multi([
          {
            type: 'create',
            path: controllerZnode.path,
            data: controllerZnode.encode(brokerId, this.clock.nowMs()),
            mode: 'ephemeral',
          },
          {
            type: 'setData',
            path: controllerEpochZnode.path,
            data: controllerEpochZnode.encode(epoch),
            version: current.zkVersion,
          },
        ]),
      )
      return { epoch, zkVersion: statOf(results[1]).version }
    } catch (error) {
      if (!isZooKeeperError(error, 'NODEEXISTS', 'BADVERSION')) throw error
      // After a lost connection the first attempt may have gone through (checkControllerAndEpoch).
      const [node, now] = await Promise.all([this.read(controllerZnode.path), this.readEpoch()])
      if (node?.stat.ephemeralOwner === this.session.id && now?.epoch === epoch) return now
      throw new ControllerMovedError('another broker has become the controller')
    }
  }

  private async readEpoch(): Promise<ControllerEpoch | null> {
    const node = await this.read(controllerEpochZnode.path)
    if (node === null) return null
    return { epoch: controllerEpochZnode.decode(node.data), zkVersion: node.stat.version }
  }

  private async firstEpoch(): Promise<ControllerEpoch> {
    await this.createIfMissing(controllerEpochZnode.path, controllerEpochZnode.encode(0))
    const epoch = await this.readEpoch()
    if (epoch === null) throw new ControllerMovedError(`${controllerEpochZnode.path} went away`)
    return epoch
  }

  async deleteController(epochZkVersion: number): Promise<void> {
    await this.deleteAsController([controllerZnode.path], epochZkVersion)
  }

  // Topics

  topicNames(onChange?: Watcher): Promise<string[]> {
    return this.children(topicsZnode.path, onChange)
  }

  topicExists(topic: string): Promise<boolean> {
    return this.exists(topicZnode.path(topic))
  }

  /** Those of the topics that exist and can be read. `onUpdate` is called once for each that changes (its partitions) or goes. */
  async topicAssignments(
    topics: readonly string[],
    onUpdate?: Watcher,
  ): Promise<Map<string, TopicAssignment>> {
    const nodes = await this.readAll(topics.map(topicZnode.path), onUpdate)
    const found = new Map<string, TopicAssignment>()
    topics.forEach((topic, index) => {
      const node = nodes[index]
      if (node instanceof Error) throw node
      if (!node) return
      try {
        found.set(topic, topicZnode.decode(topic, node.data))
      } catch (error) {
        this.unreadable(error)
      }
    })
    return found
  }

  /** One damaged znode must not keep the controller from serving all the others. */
  private unreadable(error: unknown): null {
    if (!(error instanceof ZnodeError)) throw error
    this.logger.error(`ignoring an unreadable znode: ${error.message}`)
    return null
  }

  /** With its configuration, both or neither. Rejects with NODEEXISTS when there is such a topic. */
  async createTopic(
    topic: string,
    assignment: TopicAssignment,
    config: ReadonlyMap<string, string>,
  ): Promise<void> {
    const path = configEntityZnode.path('topics', topic)
    const data = configEntityZnode.encode(config)
    const createTopic = created(topicZnode.path(topic), topicZnode.encode(assignment))
    try {
      await this.run((zk) => zk.multi([created(path, data), createTopic])).catch((error: unknown) => {
        const isLeftBehind = error instanceof ZooKeeperMultiError && error.failedIndex === 0
        if (!isLeftBehind || error.zkCode !== 'NODEEXISTS') throw error
        return this.run((zk) => zk.multi([{ type: 'setData', path, data }, createTopic]))
      })
    } catch (error) {
      const isThere = isZooKeeperError(error, 'NODEEXISTS')
      if (!isThere || !(await this.holds(createTopic))) throw error
    }
  }

  /** With a version of /controller_epoch as the controller, without one as anybody. */
  async setTopicAssignment(
    topic: string,
    assignment: TopicAssignment,
    epochZkVersion?: number,
  ): Promise<void> {
    const op: Op = { type: 'setData', path: topicZnode.path(topic), data: topicZnode.encode(assignment) }
    if (epochZkVersion === undefined) await this.run((zk) => zk.setData(op.path, op.data))
    else await this.asController(epochZkVersion, [op])
  }

  async partitionNumbers(topic: string): Promise<number[]> {
    return (await this.children(topicPartitionsZnode.path(topic))).map(Number)
  }

  // Offsets of consumers of before 0.9

  async setConsumerOffset(groupId: string, topic: string, partition: number, offset: number): Promise<void> {
    const path = consumerOffsetZnode.path(groupId, topic, partition)
    for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1))
      await this.createIfMissing(path.slice(0, at), null)
    await this.setOrCreate(path, Buffer.from(String(offset)))
  }

  /** Null when there is none, or what is there is no number. */
  async consumerOffset(groupId: string, topic: string, partition: number): Promise<number | null> {
    const found = await this.read(consumerOffsetZnode.path(groupId, topic, partition))
    const text = found?.data?.toString() ?? ''
    return /^-?\d+$/.test(text) ? Number(text) : null
  }

  /** Removes the topic, its configuration and the request to delete it. */
  async deleteTopic(topic: string, epochZkVersion: number): Promise<void> {
    const paths = await this.subtree(topicZnode.path(topic))
    const last = [configEntityZnode.path('topics', topic), deleteTopicsZnode.topicPath(topic)]
    const there = await Promise.all(last.map((path) => this.exists(path)))
    const ops = [...paths, ...last.filter((_, index) => there[index])].map(
      (path): Op => ({ type: 'delete', path }),
    )
    for (let at = 0; at < ops.length; at += PARTITIONS_PER_MULTI) {
      const chunk = ops.slice(at, at + PARTITIONS_PER_MULTI)
      try {
        await this.asController(epochZkVersion, chunk)
      } catch (error) {
        // Somebody added or removed a znode meanwhile: look again.
        if (!isZooKeeperError(error, 'NONODE', 'NOTEMPTY')) throw error
        return this.deleteTopic(topic, epochZkVersion)
      }
    }
  }

  /** Children before their parents. Nothing when there is no such node. */
  private async subtree(path: string): Promise<string[]> {
    const names = await this.childrenOrNull(path)
    if (names === null) return []
    const below = await Promise.all(names.map((name) => this.subtree(`${path}/${name}`)))
    return [...below.flat(), path]
  }

  /** Topics that somebody wants deleted. */
  topicDeletions(onChange?: Watcher): Promise<string[]> {
    return this.children(deleteTopicsZnode.path, onChange)
  }

  isMarkedForDeletion(topic: string): Promise<boolean> {
    return this.exists(deleteTopicsZnode.topicPath(topic))
  }

  /** Rejects with NODEEXISTS. */
  async createTopicDeletion(topic: string): Promise<void> {
    await this.run((zk) => zk.create(deleteTopicsZnode.topicPath(topic), null))
  }

  async deleteTopicDeletions(topics: readonly string[], epochZkVersion: number): Promise<void> {
    await this.deleteAsController(topics.map(deleteTopicsZnode.topicPath), epochZkVersion)
  }

  /** The next thousand producer ids, for this broker alone (ZkProducerIdManager.getNewProducerIdBlock). */
  async allocateProducerIds(brokerId: number): Promise<ProducerIdsBlock> {
    const { path } = producerIdBlockZnode
    let wanted: Buffer | undefined
    for (;;) {
      const node = await this.read(path)
      const hasBlock = node?.data !== null && node?.data !== undefined && node.data.length > 0
      const last = hasBlock ? producerIdBlockZnode.decode(node.data) : undefined
      // Nobody else takes a block for this broker: the write was done, and the answer lost with the connection.
      if (last !== undefined && wanted !== undefined && node?.data?.equals(wanted) === true) return last
      const start = last === undefined ? 0 : last.end + 1
      const block = { broker: brokerId, start, end: start + PRODUCER_ID_BLOCK_SIZE - 1 }
      const data = producerIdBlockZnode.encode(block)
      wanted = data
      try {
        if (node === null) await this.run((zk) => zk.create(path, data))
        else await this.run((zk) => zk.setData(path, data, node.stat.version))
        return block
      } catch (error) {
        // Another broker was faster.
        if (!isZooKeeperError(error, 'BADVERSION', 'NODEEXISTS', 'NONODE')) throw error
      }
    }
  }
}
