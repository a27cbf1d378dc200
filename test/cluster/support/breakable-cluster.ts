import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { KcliError } from '../../../src/base/errors.ts'
import { FileLocks } from '../../../src/base/file-lock.ts'
import {
  Admin,
  type ClientOptions,
  Consumer,
  type PartitionInfo,
  Producer,
} from '../../../src/client/index.ts'
import {
  type ClusterPorts,
  DataDirectory,
  type EmbeddedCluster,
  hostDirectory,
  systemPorts,
} from '../../../src/cluster/index.ts'
import { localResolver } from '../../../src/cluster/local-address.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

export const SESSION = { sessionTimeoutMs: 150 }

/** A served directory, whose brokers can be killed, with clients that give up early. */
export class BreakableCluster {
  readonly dataDir: string
  readonly cluster: EmbeddedCluster
  /** Why it could not go on. */
  readonly failure: Promise<KcliError>
  readonly admin: Admin
  readonly clientOptions: ClientOptions
  readonly stop: () => Promise<void>

  static async start(
    properties: Readonly<Record<string, string>> = {},
    dataDir = path.join(temporaryDirectory(), 'data'),
    changes: Partial<ClusterPorts> = {},
  ): Promise<BreakableCluster> {
    const ports = systemPorts({ locks: new FileLocks(), ...changes })
    const directory = new DataDirectory(ports.fs, dataDir)
    const hosted = await hostDirectory({ ports, directory, properties }, 'server')
    if (hosted === undefined) throw new Error('somebody holds the directory')
    let stopped: Promise<void> | undefined
    const stop = () => {
      stopped ??= hosted.shutdown()
      return stopped
    }
    onTestFinished(stop)
    const clientOptions: ClientOptions = {
      bootstrap: hosted.cluster.bootstrap,
      network: ports.network,
      clock: ports.clock,
      random: ports.random,
      resolver: localResolver(directory.path),
      requestTimeoutMs: 400,
    }
    return new BreakableCluster(dataDir, hosted.cluster, hosted.failure, clientOptions, stop)
  }

  private constructor(
    dataDir: string,
    cluster: EmbeddedCluster,
    failure: Promise<KcliError>,
    clientOptions: ClientOptions,
    stop: () => Promise<void>,
  ) {
    this.dataDir = dataDir
    this.cluster = cluster
    this.failure = failure
    this.clientOptions = clientOptions
    this.stop = stop
    const admin = new Admin(clientOptions)
    this.admin = admin
    onTestFinished(() => admin.close())
  }

  get faults() {
    if (this.cluster.faults === undefined) throw new Error('its brokers cannot be killed')
    return this.cluster.faults
  }

  /** `orders`, of one partition with three replicas, led by broker 1; broker 0 is the controller. */
  async createTopic(configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const [created] = await this.admin.createTopics([
      { name: 'orders', replicaAssignment: [[1, 2, 0]], configs },
    ])
    if (created?.error) throw created.error
    await this.until('the topic is there', ({ isr }) => isr.length === 3)
  }

  producer(config: ConstructorParameters<typeof Producer>[1] = {}): Producer {
    const times = { requestTimeoutMs: 400, deliveryTimeoutMs: 20_000 }
    const producer = new Producer(this.clientOptions, { ...times, ...config })
    onTestFinished(() => producer.close())
    return producer
  }

  async values(topic: string): Promise<string[]> {
    const consumer = new Consumer(this.clientOptions)
    onTestFinished(() => consumer.close())
    const values: string[] = []
    const [{ offset: end } = { offset: 0 }] = await this.admin.listOffsets([
      { topic, partition: 0, spec: 'latest' },
    ])
    consumer.assign([{ topic, partition: 0, from: 0 }])
    while (values.length < end) for (const { value } of await consumer.poll(100)) values.push(String(value))
    return values
  }

  /** As a broker that is alive knows it. */
  async partition(topic: string): Promise<PartitionInfo> {
    const [info] = await this.admin.describeTopics([topic])
    const partition = info?.partitions[0]
    if (partition === undefined) throw new Error(`${topic} has no partition`)
    return partition
  }

  async until(what: string, isSo: (partition: PartitionInfo) => boolean, topic = 'orders'): Promise<void> {
    const deadlineMs = performance.now() + 10_000
    let last: unknown
    while (performance.now() < deadlineMs) {
      try {
        const partition = await this.partition(topic)
        if (isSo(partition)) return
        last = partition
      } catch (error) {
        last = error
      }
      await delay(10)
    }
    throw new Error(`not in time: ${what}; ${JSON.stringify(last)}`)
  }
}
