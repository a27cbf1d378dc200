import { type Random, seededRandom } from '../../src/base/random.ts'
import { OFFSETS_TOPIC } from '../../src/broker/group/offsets-topic.ts'
import {
  brokerIdZnode,
  deleteTopicsZnode,
  partitionStateZnode,
  type TopicAssignment,
  topicZnode,
} from '../../src/broker/zk/znodes.ts'
import { type DataTree, isZooKeeperError } from '../../src/zookeeper/index.ts'
import { AdminClient, type ClientWorld, ConsumerClient, ProducerClient } from './clients.ts'
import { FAULT_KINDS, type FaultKind, Faults, type FaultWorld } from './faults.ts'
import { FinalCheck } from './final-check.ts'
import { GroupClient } from './group-client.ts'
import { Deliveries, GroupMember } from './group-member.ts'
import { History, type TopicPlan } from './history.ts'
import { BrokerMachine, OFFSETS_PARTITIONS, ZooKeeperMachine } from './machines.ts'
import { SimNetwork } from './network.ts'
import { hash, textOf } from './process.ts'
import { type Owner, Scheduler } from './scheduler.ts'
import { planTopics, TopicChanges } from './topics.ts'
import { WireWatch } from './wire-watch.ts'

export interface SimulationResult {
  readonly seed: number
  /** Empty when everything was as it ought to be. */
  readonly violations: readonly string[]
  readonly plan: string
  readonly trace: readonly string[]
  readonly events: number
  readonly virtualMs: number
  readonly acknowledged: number
  readonly failed: number
  readonly read: number
  /** Of all that happened: the same seed has the same. */
  readonly fingerprint: number
}

export interface SimulationOptions {
  /** Every line, not only the last ones. */
  readonly keepsTrace?: boolean
}

const LAST_LINES = 3000
/** The time in which a healed cluster must be well, and serve everybody. */
const RECOVERY_MS = 120_000
const START_MS = 60_000

/** One world from its beginning to its end. */
class Simulation implements FaultWorld, ClientWorld, Owner {
  readonly isAlive = true
  readonly heldUntilMs = 0
  readonly seed: number
  readonly scheduler = new Scheduler()
  readonly random: Random
  readonly network: SimNetwork
  readonly history: History
  readonly topics: TopicPlan[] = []
  readonly brokers: BrokerMachine[]
  readonly zookeeper: ZooKeeperMachine
  readonly brokerHosts: string[]
  readonly clientHosts: string[] = []
  readonly violations: string[] = []
  isHealed = false
  plan = ''
  fingerprint = 0
  readonly lines: string[] = []
  private readonly keepsTrace: boolean
  private readonly producers: ProducerClient[] = []
  private readonly consumers: ConsumerClient[] = []
  private readonly groups: GroupClient[] = []
  private readonly members: GroupMember[] = []
  private readonly deliveries = new Deliveries()

  constructor(seed: number, { keepsTrace = false }: SimulationOptions) {
    this.seed = seed
    this.keepsTrace = keepsTrace
    this.random = seededRandom(hash(`world ${seed}`))
    const violation = (what: string) => this.violation(what)
    const told = (who: string, what: string) => this.note(who, what)
    this.history = new History(violation)
    this.network = new SimNetwork(
      this.scheduler,
      this.random,
      new WireWatch(violation, keepsTrace ? told : undefined).tap,
    )
    this.zookeeper = new ZooKeeperMachine(this)
    const count = 3 + (this.random.int(3) === 0 ? this.random.int(3) : 0)
    const logDirs = this.random.int(3) === 0 ? ['/logs0', '/logs1'] : ['/logs']
    this.brokers = Array.from({ length: count }, (_, id) => new BrokerMachine(this, id, logDirs))
    this.brokerHosts = this.brokers.map(({ host }) => host)
  }

  trace(who: string, what: string): void {
    // Without the stacks of errors: how deep they are is the engine's business.
    const [line = ''] = this.note(who, what).split('\n', 1)
    this.fingerprint = Math.imul(this.fingerprint ^ hash(line), 0x01000193) >>> 0
  }

  private note(who: string, what: string): string {
    const line = `${this.scheduler.nowMs.toFixed(3).padStart(11)} ${who.padEnd(6)} ${what}`
    this.lines.push(line)
    if (!this.keepsTrace && this.lines.length > 2 * LAST_LINES) this.lines.splice(0, LAST_LINES)
    return line
  }

  violation(what: string): void {
    this.trace('CHECK', what)
    this.violations.push(what)
  }

  uncaught(error: unknown): void {
    this.violation(`the simulation itself failed: ${textOf(error)}`)
  }

  later(delayMs: number, fn: () => void): void {
    this.scheduler.at(this.scheduler.nowMs + delayMs, this, fn)
  }

  judgeStartFailure(who: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!this.isExpectedAtStart(code, error)) this.violation(`${who} did not start: ${textOf(error)}`)
  }

  private isExpectedAtStart(code: string, error: unknown): boolean {
    if (code === 'KCLI_BROKER_ID_IN_USE') return true
    if (isZooKeeperError(error, 'CONNECTIONLOSS', 'SESSIONEXPIRED')) return true
    // A full or a broken disk.
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      if ('code' in cause && ['EIO', 'ENOSPC', 'KCLI_LOG_DIRS_FAILED'].includes(String(cause.code)))
        return true
    return false
  }

  isWell(): boolean {
    const tree = this.tree
    if (tree === undefined || !this.brokers.every(({ isServing }) => isServing)) return false
    if (this.isHealed && (tree.get(deleteTopicsZnode.path)?.children?.size ?? 0) > 0) return false
    return this.topics.every(({ name, partitions }) => {
      const assigned = this.assignment(name)
      if (assigned.size < partitions) return false
      return [...assigned].every(([partition, { replicas, addingReplicas, removingReplicas }]) => {
        const node = tree.get(partitionStateZnode.path(name, partition))
        const state = partitionStateZnode.decode(name, partition, node?.data ?? null, 0)
        if (state === undefined || state.leaderAndIsr.leader < 0) return false
        if (addingReplicas.length + removingReplicas.length > 0) return false
        return state.leaderAndIsr.isr.length === replicas.length
      })
    })
  }

  /** The replicas of a topic's partitions, as ZooKeeper has them. */
  private assignment(topic: string): TopicAssignment['partitions'] {
    return topicZnode.decode(topic, this.tree?.get(topicZnode.path(topic))?.data ?? null).partitions
  }

  sessionOf(broker: BrokerMachine): bigint | undefined {
    return this.tree?.get(brokerIdZnode.path(broker.id))?.stat.ephemeralOwner
  }

  /** The znodes as they are, past all ports. */
  private get tree(): DataTree | undefined {
    const { server, isUp } = this.zookeeper
    if (server === undefined || !isUp) return undefined
    return (server as unknown as { database: { tree: DataTree } }).database.tree
  }

  async run(): Promise<void> {
    const { random, scheduler } = this
    const kinds = this.chooseFaults()
    const faults = new Faults(this, kinds, 300 + random.int(2500))
    const faultyMs = 5000 + random.int(25_000)
    this.plan = `${this.brokers.length} brokers, ${kinds.join(' ')} for ${faultyMs} ms`
    this.trace('plan', this.plan)
    this.zookeeper.start()
    for (const broker of this.brokers) this.later(random.int(300), () => broker.start())
    const admin = new AdminClient(this)
    const made = this.makeTopics(admin)
    if (!(await this.until(made, START_MS))) return this.violation('the topics were not made in time')
    this.startClients()
    faults.begin()
    const changes = new TopicChanges(this, admin).run()
    await scheduler.run(() => this.violations.length > 0, scheduler.nowMs + faultyMs)
    if (this.violations.length > 0) return
    this.trace('plan', 'everything heals')
    this.isHealed = true
    faults.end()
    this.bringUp()
    if (!(await this.until(changes, RECOVERY_MS)))
      return this.violation('topic changes were not done in time')
    await this.settle()
  }

  /** Swarm testing: each seed has some kinds of faults, and those more often. */
  private chooseFaults(): FaultKind[] {
    const { random } = this
    // A machine may lose what it had not synced when all others have it: nothing else may be wrong then.
    if (random.int(8) === 0) return ['power', 'clock']
    const possible = FAULT_KINDS.filter((kind) => kind !== 'power')
    const chosen = possible.filter(() => random.int(3) === 0)
    return chosen.length > 0 ? chosen : ['kill']
  }

  private async makeTopics(admin: AdminClient): Promise<void> {
    const plans = planTopics(this.random)
    for (const plan of plans) await admin.create(plan, Math.min(3, this.brokers.length))
    this.topics.push(...plans)
  }

  private startClients(): void {
    const { random } = this
    const pace = () => ({ meanPauseMs: 40 + random.int(400), lingerMs: random.int(2) * random.int(50) })
    this.addProducer('i0', { acks: -1, idempotent: true, ...pace() })
    this.addProducer('i1', { acks: -1, idempotent: true, ...pace() })
    if (random.int(2) === 0) this.addProducer('p2', { acks: -1, idempotent: false, ...pace() })
    if (random.int(2) === 0) this.addProducer('p3', { acks: 1, idempotent: false, ...pace() })
    for (let i = 0; i < 2; i++) {
      const host = `r${i}`
      this.clientHosts.push(host)
      const consumer = new ConsumerClient(this, host)
      this.consumers.push(consumer)
      consumer.start()
    }
    if (random.int(2) === 0) this.addGroup('g')
    if (random.int(2) === 0) for (let i = 0; i < 2 + random.int(2); i++) this.addMember(`m${i}`)
  }

  private addMember(host: string): void {
    this.addOffsetsTopic()
    this.clientHosts.push(host)
    const member = new GroupMember(this, host, 'kept', this.deliveries)
    this.members.push(member)
    member.start()
  }

  private addOffsetsTopic(): void {
    if (this.topics.some(({ kind }) => kind === 'internal')) return
    this.topics.push({ name: OFFSETS_TOPIC, partitions: OFFSETS_PARTITIONS, kind: 'internal', configs: {} })
  }

  private addGroup(host: string): void {
    this.addOffsetsTopic()
    this.clientHosts.push(host)
    const group = new GroupClient(this, host)
    this.groups.push(group)
    group.start()
  }

  private addProducer(host: string, kind: ConstructorParameters<typeof ProducerClient>[2]): void {
    this.clientHosts.push(host)
    const producer = new ProducerClient(this, host, kind)
    this.producers.push(producer)
    producer.start()
  }

  private bringUp(): void {
    for (const machine of [this.zookeeper, ...this.brokers]) {
      machine.disk.state.failsWith = undefined
      const process = machine.process
      if (process !== undefined) process.heldUntilMs = Math.min(process.heldUntilMs, this.scheduler.nowMs)
      // Those that are about to be started again are, by whoever was to do it.
    }
  }

  private async settle(): Promise<void> {
    const { scheduler } = this
    const deadlineMs = scheduler.nowMs + RECOVERY_MS
    const wait = (isDone: () => boolean) => this.waitUntil(isDone, deadlineMs)
    if (!(await wait(() => this.isWell()))) return this.complain('not all replicas came back in sync')
    const before = this.history.ackCount
    if (!(await wait(() => this.history.ackCount > before + 20)))
      return this.complain('producers are not served')
    for (const client of [...this.producers, ...this.groups]) client.stop()
    if (!(await wait(() => [...this.producers, ...this.groups].every(({ isIdle }) => isIdle))))
      return this.complain('producers do not end')
    if (!(await wait(() => this.history.unread() === undefined)))
      return this.complain(`${this.history.unread()} was acknowledged, and nobody is given it`)
    const undelivered = () => (this.members.length === 0 ? undefined : this.deliveries.missing(this, 'kept'))
    if (!(await wait(() => undelivered() === undefined)))
      return this.complain(`${undelivered()} was acknowledged, and no member of the group is given it`)
    for (const reader of [...this.consumers, ...this.members]) reader.stop()
    if (!(await wait(() => this.members.every(({ isIdle }) => isIdle))))
      return this.complain('members of a group do not end')
    if (!(await this.until(Promise.all(this.groups.map((group) => group.check())), RECOVERY_MS)))
      return this.complain('committed offsets cannot be read')
    // What was written at last reaches the followers, and their high watermarks.
    await scheduler.run(() => false, scheduler.nowMs + 2000)
    if (!(await wait(() => this.isWell()))) return this.complain('the cluster did not stay well')
    const assignments = new Map(this.topics.map(({ name }) => [name, this.assignment(name)]))
    this.trace('plan', 'everybody stops')
    const stops = Promise.all(this.brokers.map((broker) => broker.stop({ controlled: false })))
    if (!(await this.until(stops, 60_000))) return this.violation('brokers do not stop')
    if (this.violations.length > 0) return
    const replicasOf = (topic: string, partition: number) => {
      const ids = assignments.get(topic)?.get(partition)?.replicas ?? []
      return this.brokers.filter(({ id }) => ids.includes(id))
    }
    new FinalCheck(this.history, (what) => this.violation(what)).check(this.topics, replicasOf)
  }

  private complain(what: string): void {
    const tree = this.tree
    const states = this.topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => {
        const data = tree?.get(partitionStateZnode.path(name, partition))?.data
        return `${name}-${partition}: ${data?.toString() ?? 'no state'}`
      }),
    )
    const up = this.brokers.map(
      ({ host, isUp, isServing }) => `${host} ${isServing ? 'serves' : isUp ? 'is up' : 'is down'}`,
    )
    const controller = tree?.get('/controller')?.data?.toString() ?? 'no controller'
    const deletions = [...(tree?.get(deleteTopicsZnode.path)?.children ?? [])]
    for (const topic of deletions) states.push(`${topic} is not deleted`)
    for (const { name } of this.topics)
      states.push(tree?.get(topicZnode.path(name))?.data?.toString() ?? `no topic ${name}`)
    this.violation(`${what} within ${RECOVERY_MS} ms: ${[...up, controller, ...states].join('; ')}`)
  }

  /** False when it has not settled in time. */
  private async until(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
    let isDone = false
    promise.then(
      () => {
        isDone = true
      },
      (error: unknown) => this.violation(textOf(error)),
    )
    return this.waitUntil(() => isDone, this.scheduler.nowMs + withinMs)
  }

  /** Also when something is wrong by then: nobody needs to go on. */
  private async waitUntil(isDone: () => boolean, deadlineMs: number): Promise<boolean> {
    let count = 0
    let done = false
    const isOver = await this.scheduler.run(() => {
      // Looking at everything is dear.
      if (this.violations.length > 0) return true
      if (count++ % 32 === 0) done = isDone()
      return done
    }, deadlineMs)
    return isOver || isDone()
  }
}

/** Runs one world. Whatever goes wrong in it is among the violations. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const simulation = new Simulation(seed, options)
  const onRejection = (reason: unknown) => simulation.violation(`unhandled rejection: ${textOf(reason)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await simulation.run()
  } catch (error) {
    simulation.uncaught(error)
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  const { scheduler, history, violations, plan, lines, fingerprint } = simulation
  scheduler.clear()
  let read = 0
  for (const seen of history.reads.values()) read += seen.size
  return {
    seed,
    violations,
    plan,
    trace: options.keepsTrace === true ? lines : lines.slice(-LAST_LINES),
    events: scheduler.eventCount,
    virtualMs: scheduler.nowMs,
    acknowledged: history.ackCount,
    failed: history.failedCount,
    read,
    fingerprint,
  }
}
