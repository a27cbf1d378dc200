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

/** One group, and what it may have committed. */
interface Group {
  readonly id: string
  acknowledged: number
  readonly uncertain: Set<number>
}

/**
 * Commits the offsets 1, 2, 3, … of groups that have no members: of one group again and again, of the others once, so
 * that nothing comes after what is lost. At the end each has the last one that was acknowledged, or one whose fate nobody
 * knew: such a request may arrive late, and is as good as any.
 */
export class GroupClient {
  private readonly world: ClientWorld
  private readonly groups: Group[] = []
  private readonly process: SimProcess
  private readonly core: ClientCore
  private offset = 0
  private isStopped = false
  isIdle = false

  constructor(world: ClientWorld, host: string) {
    this.world = world
    this.process = new SimProcess(world, host, 1, NO_FAULT)
    this.addGroup()
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
      const group = process.random.int(3) === 0 ? (this.groups[0] as Group) : this.addGroup()
      group.uncertain.add(offset)
      const commit = (coordinator: Connection) => this.commit(coordinator, group.id, offset)
      if (await this.attempt(group.id, `commit ${offset}`, commit)) {
        group.uncertain.delete(offset)
        group.acknowledged = offset
      }
    }
    this.isIdle = true
  }

  private addGroup(): Group {
    const id = `${this.process.host}-${this.groups.length}`
    const group = { id, acknowledged: 0, uncertain: new Set<number>() }
    this.groups.push(group)
    return group
  }

  /** Until the coordinators have answered. */
  async check(): Promise<void> {
    for (const { id, acknowledged, uncertain } of this.groups) {
      let found = await this.fetchOnce(id)
      while (found === undefined) {
        await sleep(this.process.clock, 200)
        found = await this.fetchOnce(id)
      }
      const isRight = found === acknowledged || uncertain.has(found)
      if (isRight || (acknowledged === 0 && found === -1)) continue
      this.world.violation(
        `group ${id} is at ${found}: ${acknowledged} was acknowledged last, uncertain are ${[...uncertain].join(' ')}`,
      )
    }
  }

  private fetchOnce(groupId: string): Promise<number | undefined> {
    return this.attempt(groupId, 'fetch', (coordinator) => this.fetch(coordinator, groupId))
  }

  /** Once, with no repetition: undefined when it is not known whether it was done. */
  private async attempt<T>(
    groupId: string,
    what: string,
    call: (coordinator: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    const { core, process, world } = this
    try {
      const { coordinators } = await core.sendToAny(findCoordinator, {
        keyType: GROUP_KEY,
        coordinatorKeys: [groupId],
      })
      const [found] = coordinators
      if (found === undefined || found.errorCode !== 0)
        throw new Error(`no coordinator: error ${found?.errorCode}`)
      if (!core.metadata.brokers.has(found.nodeId)) await core.refresh([])
      return await call(await core.connectionTo(found.nodeId))
    } catch (error) {
      world.trace(process.name, `${groupId}: ${what} failed: ${String(error)}`)
      return undefined
    }
  }

  private async commit(coordinator: Connection, groupId: string, offset: number): Promise<true> {
    const { topics } = await coordinator.send(offsetCommit, {
      groupId,
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
  private async fetch(coordinator: Connection, groupId: string): Promise<number> {
    const { groups } = await coordinator.send(offsetFetch, {
      groups: [{ groupId, topics: [{ name: TOPIC, partitionIndexes: [0] }] }],
    })
    const partition = groups[0]?.topics[0]?.partitions[0]
    const errorCode = groups[0]?.errorCode || partition?.errorCode
    if (errorCode !== 0 || partition === undefined) throw new Error(`error ${errorCode}`)
    return partition.committedOffset
  }
}
