import { onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { updateMetadataHandler } from '../../../src/broker/api/06-update-metadata.ts'
import type { RequestContext } from '../../../src/broker/api/handler.ts'
import { ApiError } from '../../../src/broker/api-error.ts'
import { type ControlConnection, KafkaController, TopicAdmin } from '../../../src/broker/controller/index.ts'
import { MetadataCache } from '../../../src/broker/metadata/index.ts'
import { type BrokerInfo, KafkaZkClient } from '../../../src/broker/zk/index.ts'
import { type Api, ERROR_CODES, type Fields } from '../../../src/protocol/index.ts'
import type { LeaderAndIsrRequest } from '../../../src/protocol/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest } from '../../../src/protocol/messages/05-stop-replica.ts'
import type { ZooKeeperClient, ZooKeeperServer } from '../../../src/zookeeper/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { openServer } from '../../zookeeper/support.ts'

export interface Received {
  readonly name: string
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of all kinds
  readonly body: any
}

/** A turn of the loop: everything that needs no time gets done. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits for something that takes no (virtual) time. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await check()
      return
    } catch (error) {
      if (attempt === 200) throw error
      await turn()
    }
  }
}

export interface TestBrokerOptions {
  readonly rack?: string
  readonly deleteTopicEnable?: boolean
  readonly uncleanLeaderElectionEnable?: boolean
  /** Off by default here. */
  readonly autoLeaderRebalanceEnable?: boolean
}

/** A broker without logs: it has a controller and a metadata cache, and notes what controllers tell it. */
export class TestBroker {
  readonly id: number
  readonly cluster: TestCluster
  readonly zk: KafkaZkClient
  readonly cache = new MetadataCache({ clusterId: 'test' })
  readonly controller: KafkaController
  readonly admin: TopicAdmin
  readonly received: Received[] = []
  /** Requests by name that wait for ever. */
  readonly silentFor = new Set<string>()
  /** The code that this broker answers a StopReplica with, for each partition. */
  stopReplicaError = ERROR_CODES.NONE
  leaderAndIsrError = ERROR_CODES.NONE
  isUp = true
  private readonly updateMetadata

  constructor(
    cluster: TestCluster,
    id: number,
    zk: KafkaZkClient,
    info: BrokerInfo,
    epoch: number,
    options: TestBrokerOptions,
  ) {
    this.cluster = cluster
    this.id = id
    this.zk = zk
    this.controller = new KafkaController({
      brokerId: id,
      config: {
        interBrokerListenerName: 'PLAINTEXT',
        deleteTopicEnable: options.deleteTopicEnable ?? true,
        uncleanLeaderElectionEnable: options.uncleanLeaderElectionEnable ?? false,
        autoLeaderRebalanceEnable: options.autoLeaderRebalanceEnable ?? false,
        leaderImbalanceCheckIntervalSeconds: 300,
        leaderImbalancePerBrokerPercentage: 10,
      },
      clock: cluster.clock,
      random: seededRandom(id),
      logger: silentLogger,
      zk,
      connectToBroker: async (broker) => cluster.connect(broker.id),
      brokerInfo: info,
      brokerEpoch: epoch,
    })
    this.admin = new TopicAdmin({
      clock: cluster.clock,
      random: seededRandom(100 + id),
      logger: silentLogger,
      zk,
      metadataCache: this.cache,
      controller: this.controller,
      config: { numPartitions: 1, defaultReplicationFactor: 1 },
      validateConfigs: (entries) => {
        for (const name of entries.keys()) {
          if (name.includes('no.such'))
            throw new ApiError('INVALID_CONFIG', `Unknown topic config name: ${name}`)
        }
      },
      describeConfigs: (own) => [...own].map(([name, value]) => ({ name, value })),
    })
    this.updateMetadata = updateMetadataHandler({
      cache: this.cache,
      brokerEpoch: () => this.controller.brokerEpoch,
    })
  }

  /** Requests of one kind, the latest last. */
  requests(name: string): Received[] {
    return this.received.filter((each) => each.name === name)
  }

  async answer(name: string, version: number, body: unknown): Promise<unknown> {
    this.received.push({ name, version, body })
    if (this.silentFor.has(name)) return new Promise(() => undefined)
    if (name === 'UpdateMetadata') {
      return this.updateMetadata.handle(body as never, {} as RequestContext)
    }
    if (name === 'LeaderAndIsr') {
      const { topicStates } = body as LeaderAndIsrRequest
      const topics = topicStates.map(({ topicId, partitionStates }) => ({
        topicId,
        partitionErrors: partitionStates.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: this.leaderAndIsrError,
        })),
      }))
      return { topics }
    }
    const { topicStates } = body as StopReplicaRequest
    const partitionErrors = topicStates.flatMap(({ topicName, partitionStates }) =>
      partitionStates.map(({ partitionIndex }) => ({
        topicName,
        partitionIndex,
        errorCode: this.stopReplicaError,
      })),
    )
    return { partitionErrors }
  }

  /** As if the process had died and its session had expired. */
  async die(): Promise<void> {
    this.isUp = false
    await this.controller.shutdown()
    await this.zk.close()
    await turn()
  }
}

/** Brokers in one process around one coordination service. Their connections go straight to {@link TestBroker.answer}. */
export class TestCluster {
  readonly clock: ManualClock
  readonly server: ZooKeeperServer
  readonly brokers = new Map<number, TestBroker>()
  /** For looking at and meddling with znodes. */
  readonly client: ZooKeeperClient

  static async open(brokers: number | readonly TestBrokerOptions[] = 3): Promise<TestCluster> {
    const clock = new ManualClock()
    const server = await openServer(new MemoryFileSystem(), { clock, forceSync: false })
    const cluster = new TestCluster(clock, server, await server.connect({ timeoutMs: 18_000 }))
    onTestFinished(() => cluster.close())
    const options = typeof brokers === 'number' ? Array.from({ length: brokers }, () => ({})) : brokers
    const zks = await Promise.all(options.map((each, id) => cluster.register(id, each)))
    for (const start of zks) await start()
    await turn()
    return cluster
  }

  private constructor(clock: ManualClock, server: ZooKeeperServer, client: ZooKeeperClient) {
    this.clock = clock
    this.server = server
    this.client = client
  }

  openZk(): Promise<KafkaZkClient> {
    return KafkaZkClient.open({
      connect: () => this.server.connect({ timeoutMs: 18_000 }),
      clock: this.clock,
      logger: silentLogger,
    })
  }

  /** Registers a broker; what it returns starts its controller. */
  async register(id: number, options: TestBrokerOptions = {}): Promise<() => Promise<TestBroker>> {
    const zk = await this.openZk()
    await zk.createTopLevelPaths()
    const info: BrokerInfo = {
      id,
      endpoints: [
        { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: `broker-${id}`, port: 9092 + id },
      ],
      rack: options.rack ?? null,
      features: {},
    }
    const epoch = await zk.registerBroker(info)
    const broker = new TestBroker(this, id, zk, info, epoch, options)
    this.brokers.set(id, broker)
    return async () => {
      await broker.controller.start()
      return broker
    }
  }

  async start(id: number, options: TestBrokerOptions = {}): Promise<TestBroker> {
    const broker = await (await this.register(id, options))()
    await turn()
    return broker
  }

  connect(id: number): ControlConnection {
    const broker = this.broker(id)
    if (!broker.isUp) throw new Error(`broker ${id} is down`)
    let isOpen = true
    const send = async (spec: Api, body: object) => {
      if (!isOpen || !broker.isUp) throw new Error('connection lost')
      const version = spec.request.versions.to
      const request = spec.request.decodeBuffer(spec.request.encodeBuffer(version, body), version)
      const answer = (await broker.answer(spec.name, version, request)) as Fields
      return spec.response.decodeBuffer(spec.response.encodeBuffer(version, answer as never), version)
    }
    return {
      get isOpen() {
        return isOpen && broker.isUp
      },
      send: send as unknown as ControlConnection['send'],
      close: () => {
        isOpen = false
      },
    }
  }

  broker(id: number): TestBroker {
    const broker = this.brokers.get(id)
    if (broker === undefined) throw new Error(`no broker ${id}`)
    return broker
  }

  /** The broker in office. */
  get active(): TestBroker {
    const active = [...this.brokers.values()].filter((broker) => broker.isUp && broker.controller.isActive)
    if (active.length !== 1) throw new Error(`${active.length} controllers in office`)
    return active[0]!
  }

  async text(path: string): Promise<string | null> {
    const { data } = await this.client.getData(path)
    return data === null ? null : data.toString()
  }

  async json(path: string) {
    return JSON.parse((await this.text(path)) ?? 'null')
  }

  async state(topic: string, partition: number) {
    return this.json(`/brokers/topics/${topic}/partitions/${partition}/state`)
  }

  /** As the leader asks for it when others have caught up with it. Throws when it is refused. */
  async setIsr(topic: string, partition: number, newIsr: readonly number[]): Promise<void> {
    const { data, stat } = await this.client.getData(`/brokers/topics/${topic}/partitions/${partition}/state`)
    const { leader, leader_epoch: leaderEpoch } = JSON.parse(String(data))
    const wanted = {
      partitionIndex: partition,
      leaderEpoch,
      newIsr: [...newIsr],
      newIsrWithEpochs: [],
      leaderRecoveryState: 0,
      partitionEpoch: stat.version,
    }
    const { brokerEpoch } = this.broker(leader).controller
    const topics = [{ topicName: topic, topicId: '', partitions: [wanted] }]
    const response = await this.active.controller.alterPartition({ brokerId: leader, brokerEpoch, topics }, 1)
    const code = response.errorCode || response.topics?.[0]?.partitions?.[0]?.errorCode
    if (code) throw new Error(`${topic}-${partition} does not get its ISR: ${code}`)
    await turn()
  }

  /** Through the controller, and all has to go well. */
  async createTopic(name: string, replicas: readonly (readonly number[])[], configs = {}): Promise<void> {
    const request = createRequest(name, {
      numPartitions: -1,
      replicationFactor: -1,
      assignments: replicas.map((brokerIds, partitionIndex) => ({
        partitionIndex,
        brokerIds: [...brokerIds],
      })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value: String(value) })),
    })
    const [result] = await this.active.admin.createTopics(request)
    if (result?.errorCode !== 0) throw new Error(`${name}: ${result?.errorCode} ${result?.errorMessage}`)
    await turn()
  }

  async close(): Promise<void> {
    for (const broker of this.brokers.values()) await broker.controller.shutdown()
    for (const broker of this.brokers.values()) await broker.zk.close()
    await this.server.close()
  }
}

export function createRequest(
  name: string,
  topic: Partial<Parameters<TopicAdmin['createTopics']>[0]['topics'][number]> = {},
  request: { timeoutMs?: number; validateOnly?: boolean } = {},
) {
  return {
    topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...topic }],
    timeoutMs: 10_000,
    validateOnly: false,
    ...request,
  }
}
