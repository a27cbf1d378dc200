import { sleep } from '../../src/base/clock.ts'
import { ClientCore } from '../../src/client/core.ts'
import type { Connection } from '../../src/client/index.ts'
import { offsetCommit } from '../../src/protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../src/protocol/messages/09-offset-fetch.ts'
import { findCoordinator } from '../../src/protocol/messages/10-find-coordinator.ts'
import { type ClientWorld, NO_FAULT, optionsOf } from './clients.ts'
import { SimProcess, textOf } from './process.ts'

const GROUP_KEY = 0
const TOPIC = 'kept'

/**
 * Commits the offsets 1, 2, 3, … of a group that has no members. At the end the group has the last one that was
 * acknowledged, or one whose fate nobody knew: such a request may arrive late, and is as good as any.
 */
export class GroupClient {
  private readonly world: ClientWorld
  private readonly groupId: string
  private readonly process: SimProcess
  private readonly core: ClientCore
  private readonly uncertain = new Set<number>()
  private acknowledged = 0
  private offset = 0
  private isStopped = false
  isIdle = false

  constructor(world: ClientWorld, host: string) {
    this.world = world
    this.groupId = `group-${host}`
    this.process = new SimProcess(world, host, 1, NO_FAULT)
    this.core = new ClientCore(optionsOf(world, this.process))
  }

  stop(): void {
    this.isStopped = true
  }

  start(): void {
    this.run().catch((error: unknown) =>
      this.world.violation(`${this.process.name} failed: ${textOf(error)}`),
    )
  }

  private async run(): Promise<void> {
    const { process } = this
    while (!this.isStopped) {
      await sleep(process.clock, process.random.int(400))
      const offset = ++this.offset
      this.uncertain.add(offset)
      if (await this.attempt(`commit ${offset}`, (coordinator) => this.commit(coordinator, offset))) {
        this.uncertain.delete(offset)
        this.acknowledged = offset
      }
    }
    this.isIdle = true
  }

  /** Until the coordinator answers. */
  async check(): Promise<void> {
    let found: number | undefined
    while (found === undefined) {
      await sleep(this.process.clock, 200)
      found = await this.attempt('fetch', (coordinator) => this.fetch(coordinator))
    }
    this.world.trace(this.process.name, `${this.groupId} is at ${found}, acknowledged ${this.acknowledged}`)
    const isRight = found === this.acknowledged || this.uncertain.has(found)
    if (!isRight && !(this.acknowledged === 0 && found === -1))
      this.world.violation(
        `${this.groupId} is at ${found}: ${this.acknowledged} was acknowledged last, uncertain are ${[...this.uncertain].join(' ')}`,
      )
  }

  /** Once, with no repetition: undefined when it is not known whether it was done. */
  private async attempt<T>(
    what: string,
    call: (coordinator: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    const { core, process, world } = this
    try {
      const { coordinators } = await core.sendToAny(findCoordinator, {
        keyType: GROUP_KEY,
        coordinatorKeys: [this.groupId],
      })
      const [found] = coordinators
      if (found === undefined || found.errorCode !== 0)
        throw new Error(`no coordinator: error ${found?.errorCode}`)
      if (!core.metadata.brokers.has(found.nodeId)) await core.refresh([])
      return await call(await core.connectionTo(found.nodeId))
    } catch (error) {
      world.trace(process.name, `${what} failed: ${String(error)}`)
      return undefined
    }
  }

  private async commit(coordinator: Connection, offset: number): Promise<true> {
    const { topics } = await coordinator.send(offsetCommit, {
      groupId: this.groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [
        { name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }] },
      ],
    })
    const errorCode = topics[0]?.partitions[0]?.errorCode
    if (errorCode !== 0) throw new Error(`error ${errorCode}`)
    return true
  }

  /** -1: the group has none. */
  private async fetch(coordinator: Connection): Promise<number> {
    const { groups } = await coordinator.send(offsetFetch, {
      groups: [{ groupId: this.groupId, topics: [{ name: TOPIC, partitionIndexes: [0] }] }],
    })
    const partition = groups[0]?.topics[0]?.partitions[0]
    const errorCode = groups[0]?.errorCode || partition?.errorCode
    if (errorCode !== 0 || partition === undefined) throw new Error(`error ${errorCode}`)
    return partition.committedOffset
  }
}
