import { sleep } from '../../src/base/clock.ts'
import { Consumer } from '../../src/client/index.ts'
import { type ClientWorld, NO_FAULT, optionsOf } from './clients.ts'
import { SimProcess, textOf } from './process.ts'

const SESSION_TIMEOUT_MS = 6000

/** Which records the members of a group were given, and from which acknowledged record on that is not checked yet. */
export class Deliveries {
  private readonly offsets = new Map<string, Set<number>>()
  private checked = 0

  add(place: string, offset: number): void {
    const known = this.offsets.get(place)
    if (known === undefined) this.offsets.set(place, new Set([offset]))
    else known.add(offset)
  }

  /** The first record of the topic that was acknowledged and that no member was given. */
  missing(world: ClientWorld, topic: string): string | undefined {
    const { acknowledged } = world.history
    for (; this.checked < acknowledged.length; this.checked++) {
      const { place, offset } = acknowledged[this.checked] as (typeof acknowledged)[number]
      if (offset < 0 || !place.startsWith(`${topic}-`)) continue
      if (this.offsets.get(place)?.has(offset) !== true) return `${place} offset ${offset}`
    }
    return undefined
  }
}

/** A member of a group: it reads, commits what it has read, leaves or dies, and comes again. */
export class GroupMember {
  private readonly world: ClientWorld
  private readonly host: string
  private readonly topic: string
  private readonly deliveries: Deliveries
  private runs = 0
  private isStopped = false
  isIdle = false

  constructor(world: ClientWorld, host: string, topic: string, deliveries: Deliveries) {
    this.world = world
    this.host = host
    this.topic = topic
    this.deliveries = deliveries
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
    const { world, topic } = this
    const { random } = process
    const consumer = new Consumer(optionsOf(world, process), {
      groupId: 'readers',
      autoOffsetReset: 'earliest',
      enableAutoCommit: random.int(2) === 0,
      autoCommitIntervalMs: 500,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      heartbeatIntervalMs: 1000,
      maxPartitionFetchBytes: 500 + random.int(4000),
      maxPollRecords: 1 + random.int(30),
    })
    consumer.subscribe([topic])
    const untilMs = world.scheduler.nowMs + 5000 + random.int(20_000)
    while (!this.isStopped && world.scheduler.nowMs < untilMs) await this.turn(process, consumer)
    if (this.isStopped || random.int(3) > 0) await consumer.close({ timeoutMs: 3000 })
    else world.trace(process.name, 'dies')
    process.end()
    if (this.isStopped) this.isIdle = true
    else world.later(random.int(3000), () => (this.isStopped ? this.finish() : this.start()))
  }

  private finish(): void {
    this.isIdle = true
  }

  private async turn(process: SimProcess, consumer: Consumer): Promise<void> {
    try {
      const records = await consumer.poll(400)
      for (const { topic, partition, offset } of records) this.deliveries.add(`${topic}-${partition}`, offset)
      if (records.length > 0 && process.random.int(3) === 0) await consumer.commitSync()
    } catch (error) {
      this.world.trace(process.name, `failed: ${textOf(error)}`)
      await sleep(process.clock, 200)
    }
  }
}
