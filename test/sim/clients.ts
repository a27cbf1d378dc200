import { sleep } from '../../src/base/clock.ts'
import { Admin, type ClientOptions, Consumer, Producer } from '../../src/client/index.ts'
import { MORTAL_KEY } from './compacted-check.ts'
import { type History, isReadable, labelOf, short, type TopicPlan } from './history.ts'
import { BROKER_PORT, type World } from './machines.ts'
import { SimProcess, textOf } from './process.ts'

export interface ClientWorld extends World {
  readonly history: History
  readonly topics: TopicPlan[]
  readonly brokerHosts: readonly string[]
  isHealed: boolean
}

export interface ProducerKind {
  readonly acks: -1 | 1
  readonly idempotent: boolean
  readonly meanPauseMs: number
  readonly lingerMs: number
}

export function optionsOf(world: ClientWorld, process: SimProcess): ClientOptions {
  return {
    bootstrap: world.brokerHosts.map((host) => ({ kind: 'tcp', host, port: BROKER_PORT })),
    network: world.network.of(process),
    clock: process.clock,
    random: process.random,
    logger: process.logger,
    resolver: (host, port) => ({ kind: 'tcp', host, port }),
    clientId: process.name,
    requestTimeoutMs: 3000,
    connectTimeoutMs: 1500,
    apiTimeoutMs: 20_000,
    metadataMaxAgeMs: 5000,
  }
}

export const NO_FAULT = { offsetMs: 0, rate: 1 }

/** One program that produces; when its producer has failed for good it makes another, with a new name. */
export class ProducerClient {
  readonly kind: ProducerKind
  private readonly world: ClientWorld
  private readonly host: string
  private runs = 0
  private isStopped = false
  private readonly numbers = new Map<string, number>()
  private pending = 0

  constructor(world: ClientWorld, host: string, kind: ProducerKind) {
    this.world = world
    this.host = host
    this.kind = kind
  }

  get isIdle(): boolean {
    return this.isStopped && this.pending === 0
  }

  stop(): void {
    this.isStopped = true
  }

  start(): void {
    const process = new SimProcess(this.world, this.host, ++this.runs, NO_FAULT)
    this.numbers.clear()
    this.run(process).catch((error: unknown) =>
      this.world.violation(`${process.name} failed: ${textOf(error)}`),
    )
  }

  private async run(process: SimProcess): Promise<void> {
    const { world, kind } = this
    const { random, clock } = process
    const producer = new Producer(optionsOf(world, process), {
      acks: kind.acks,
      enableIdempotence: kind.idempotent,
      lingerMs: kind.lingerMs,
      requestTimeoutMs: 3000,
      deliveryTimeoutMs: 15_000,
      maxBlockMs: 10_000,
      batchSizeBytes: 600,
      maxInFlight: 1 + random.int(5),
    })
    let hasFailed = false
    while (!this.isStopped && !hasFailed) {
      await sleep(clock, -Math.log(1 - random.next()) * kind.meanPauseMs)
      const topics = world.topics.filter(({ kind }) => kind !== 'internal')
      const topic = topics[random.int(topics.length)]
      if (topic === undefined) continue
      const partition = random.int(topic.partitions)
      for (let burst = 1 + random.int(4); burst > 0; burst--) {
        this.send(process, producer, topic, partition).catch(() => {
          if (isReadable(topic) && random.int(3) === 0) hasFailed = true
        })
      }
    }
    await producer.close()
    process.end()
    if (hasFailed && !this.isStopped) this.start()
  }

  private async send(
    process: SimProcess,
    producer: Producer,
    topic: TopicPlan,
    partition: number,
  ): Promise<void> {
    const { history } = this.world
    const place = `${topic.name}-${partition}`
    const number = this.numbers.get(place) ?? 0
    this.numbers.set(place, number + 1)
    const isMortal = topic.kind === 'compacted' && process.random.int(5) === 0
    const key = isMortal ? `${MORTAL_KEY}${process.random.int(3)}` : `k${process.random.int(10)}`
    const label = labelOf({ producer: process.name, number }, 'x'.repeat(process.random.int(150)))
    const value = isMortal && process.random.int(2) === 0 ? null : label
    this.pending++
    try {
      const { offset } = await producer.send({ topic: topic.name, partition, key, value })
      history.ackCount++
      if (this.kind.acks === -1) history.acknowledge(topic, { place, offset, key, value: value ?? '' })
    } catch (error) {
      history.failedCount++
      this.world.trace(process.name, `${place} ${short(label)} failed: ${String(error)}`)
      throw error
    } finally {
      this.pending--
    }
  }
}

/** Reads everything from the beginning, over and over. */
export class ConsumerClient {
  private readonly world: ClientWorld
  private readonly host: string
  private runs = 0
  private isStopped = false

  constructor(world: ClientWorld, host: string) {
    this.world = world
    this.host = host
  }

  stop(): void {
    this.isStopped = true
  }

  start(): void {
    const process = new SimProcess(this.world, this.host, ++this.runs, NO_FAULT)
    this.run(process).catch((error: unknown) =>
      this.world.violation(`${process.name} failed: ${textOf(error)}`),
    )
  }

  private async run(process: SimProcess): Promise<void> {
    const { world } = this
    const topics = world.topics.filter(isReadable)
    const consumer = new Consumer(optionsOf(world, process), {
      autoOffsetReset: topics.some(({ kind }) => kind === 'trimmed') ? 'earliest' : 'none',
      maxPartitionFetchBytes: 500 + process.random.int(4000),
    })
    consumer.assign(
      topics.flatMap(({ name, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition, from: 0 })),
      ),
    )
    const untilMs = world.scheduler.nowMs + 5000 + process.random.int(20_000)
    const next = new Map<string, number>()
    while (!this.isStopped && world.scheduler.nowMs < untilMs) {
      await this.poll(process, consumer, next).catch((error: unknown) => {
        world.trace(process.name, `poll failed: ${textOf(error)}`)
        this.judge(process, error)
        return sleep(process.clock, 200)
      })
    }
    await consumer.close()
    process.end()
    if (!this.isStopped) this.start()
  }

  private async poll(process: SimProcess, consumer: Consumer, next: Map<string, number>): Promise<void> {
    const { world } = this
    const isKept = new Set(world.topics.filter(({ kind }) => kind === 'kept').map(({ name }) => name))
    for (const { topic, partition, offset, value } of await consumer.poll(400)) {
      const place = `${topic}-${partition}`
      const due = next.get(place) ?? 0
      if (offset < due)
        world.violation(`${process.name} was given ${place} offset ${offset} after ${due - 1}`)
      if (offset > due && isKept.has(topic))
        world.violation(`${process.name} was given ${place} offset ${offset} where ${due} was due`)
      next.set(place, offset + 1)
      world.history.read(place, offset, value?.toString() ?? '', process.name)
    }
  }

  private judge(process: SimProcess, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'KCLI_CORRUPT_BATCH' || code === 'KCLI_OFFSET_OUT_OF_RANGE')
      this.world.violation(`${process.name}: ${textOf(error)}`)
  }
}

/** Makes, grows, changes and deletes topics. What it does not get done it leaves. */
export class AdminClient {
  private readonly world: ClientWorld
  private readonly process: SimProcess
  private readonly admin: Admin

  constructor(world: ClientWorld) {
    this.world = world
    this.process = new SimProcess(world, 'admin', 1, NO_FAULT)
    this.admin = new Admin(optionsOf(world, this.process))
  }

  /** Again and again until the topic is there. */
  async create(topic: TopicPlan, replicationFactor: number): Promise<void> {
    for (;;) {
      const { name, partitions: numPartitions, configs } = topic
      const made = await this.attempt(`create ${name}`, () =>
        this.admin.createTopics([{ name, numPartitions, replicationFactor, configs }], { timeoutMs: 5000 }),
      )
      const error = made?.[0]?.error
      if (made !== undefined && (error === null || error?.errorName === 'TOPIC_ALREADY_EXISTS')) return
      await sleep(this.process.clock, 300)
    }
  }

  async delete(name: string): Promise<void> {
    await this.attempt(`delete ${name}`, () => this.admin.deleteTopics([name], { timeoutMs: 5000 }))
  }

  async grow(topic: TopicPlan): Promise<void> {
    const totalCount = topic.partitions + 1
    const done = await this.attempt(`grow ${topic.name}`, () =>
      this.admin.createPartitions([{ name: topic.name, totalCount }], { timeoutMs: 5000 }),
    )
    if (done?.[0]?.error === null) topic.partitions = totalCount
  }

  async configure(name: string, key: string, value: string): Promise<void> {
    await this.attempt(`configure ${name} ${key}=${value}`, () =>
      this.admin.incrementalAlterConfigs([
        { resource: { type: 'topic', name }, operations: [{ op: 'set', name: key, value }] },
      ]),
    )
  }

  async reassign(topic: string, partition: number, replicas: readonly number[]): Promise<void> {
    await this.attempt(`reassign ${topic}-${partition} to ${replicas.join(',')}`, () =>
      this.admin.reassignPartitions([{ topic, partition, replicas }], { timeoutMs: 5000 }),
    )
  }

  async trim(topic: string, partition: number, beforeOffset: number): Promise<void> {
    await this.attempt(`delete records of ${topic}-${partition} before ${beforeOffset}`, () =>
      this.admin.deleteRecords([{ topic, partition, beforeOffset }], { timeoutMs: 5000 }),
    )
  }

  async move(topic: string, partition: number, broker: number, logDir: string): Promise<void> {
    await this.attempt(`move ${topic}-${partition} of b${broker} to ${logDir}`, () =>
      this.admin.alterReplicaLogDirs([{ topic, partition, broker, logDir }]),
    )
  }

  async electPreferred(topic: string, partition: number): Promise<void> {
    await this.attempt(`elect the preferred leader of ${topic}-${partition}`, () =>
      this.admin.electLeaders('preferred', [{ topic, partition }], { timeoutMs: 5000 }),
    )
  }

  private async attempt<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await call()
      this.world.trace(this.process.name, `${what}: ${JSON.stringify(result)}`)
      return result
    } catch (error) {
      this.world.trace(this.process.name, `${what} failed: ${String(error)}`)
      return undefined
    }
  }
}
