import { describe, expect, it } from 'vitest'
import type { Random } from '../../../../src/base/random.ts'
import type { AssignorName, Consumer } from '../../../../src/client/index.ts'
import { ERROR_CODES, type ErrorName } from '../../../../src/protocol/index.ts'
import { offsetCommit } from '../../../../src/protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../../../src/protocol/messages/09-offset-fetch.ts'
import { joinGroup } from '../../../../src/protocol/messages/11-join-group.ts'
import { heartbeat } from '../../../../src/protocol/messages/12-heartbeat.ts'
import { syncGroup } from '../../../../src/protocol/messages/14-sync-group.ts'
import type { Call, Fault } from '../../../support/fake-broker.ts'
import { testRandom } from '../../../support/seed.ts'
import { fill, GroupSetting } from './support.ts'

const PARTITIONS = 3
const RUNS = 8
const STEPS = 60
const ASSIGNORS: AssignorName[] = ['range', 'roundrobin', 'sticky', 'cooperative-sticky']
const GROUP_APIS = [offsetCommit, offsetFetch, joinGroup, heartbeat, syncGroup].map(({ key }) => key)
const ERRORS: ErrorName[] = [
  'NOT_COORDINATOR',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
]

/** A group whose members, coordinator and connections come and go; what they read and store is looked at all the time. */
class Trial {
  private readonly setting: GroupSetting
  private readonly random: Random
  private readonly assignor: AssignorName
  private readonly members: Consumer[] = []
  /** What has been given out, by partition. */
  private readonly read = Array.from({ length: PARTITIONS }, () => new Set<number>())
  private readonly stored = Array.from({ length: PARTITIONS }, () => 0)
  private faultRate = 0

  constructor(setting: GroupSetting, random: Random) {
    this.setting = setting
    this.random = random
    this.assignor = ASSIGNORS[random.int(ASSIGNORS.length)] as AssignorName
    setting.cluster.script = (call) => this.fault(call)
  }

  async step(): Promise<void> {
    const { random, setting } = this
    const what = random.int(12)
    if (what === 0 && this.members.length < 4) this.add()
    else if (what === 1 && this.members.length > 1) await this.remove()
    else if (what === 2) setting.groups.broker = random.int(2)
    else if (what === 3) setting.cluster.disconnect(random.int(2))
    else if (what === 4) this.faultRate = random.int(3) === 0 ? 0.3 : 0
    else if (what === 5) await setting.clock.advance(random.int(8_000))
    else if (what === 6) fill(setting.cluster.log('t', random.int(PARTITIONS)), random.int(8))
    for (const member of this.members) if (random.int(4) > 0) await this.poll(member)
    await this.check()
  }

  /** Without faults everybody gets on, and everything is read. */
  async settle(): Promise<void> {
    this.faultRate = 0
    if (this.members.length === 0) this.add()
    const ends = this.read.map((_, partition) => this.setting.cluster.log('t', partition).endOffset)
    const isStored = () => this.stored.every((offset, partition) => offset === ends[partition])
    for (let i = 0; i < 600 && !(this.isAllRead() && isStored()); i++) {
      for (const member of this.members) await this.poll(member)
      await this.setting.clock.advance(200)
      await this.check()
    }
    expect(this.isAllRead()).toBe(true)
    expect(this.stored).toEqual(ends)
    for (const member of [...this.members]) await this.setting.clock.run(member.close())
    await this.check()
  }

  private add(): void {
    const consumer = this.setting.consumer({
      partitionAssignors: [this.assignor],
      maxPollRecords: 1 + this.random.int(5),
      autoCommitIntervalMs: 300,
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 1_000,
      maxPollIntervalMs: 9_000,
    })
    consumer.subscribe(['t'])
    this.members.push(consumer)
  }

  /** Some say goodbye, and some are just gone. */
  private async remove(): Promise<void> {
    const [member] = this.members.splice(this.random.int(this.members.length), 1)
    if (member === undefined) return
    const timeoutMs = this.random.int(2) === 0 ? 0 : 20_000
    await this.setting.clock.run(member.close({ timeoutMs }))
  }

  private async poll(member: Consumer): Promise<void> {
    const records = await this.setting.poll(member, 50).catch((error: { code: string }) => {
      // What a poll may say while the group is in trouble.
      expect(['KCLI_BROKER', 'KCLI_COMMIT_FAILED', 'KCLI_REBALANCE_IN_PROGRESS']).toContain(error.code)
      return []
    })
    for (const { partition, offset } of records) this.read[partition]?.add(offset)
  }

  /** Stored offsets never go back, and never beyond what has been given out. */
  private async check(): Promise<void> {
    const offsets = await this.setting.groups.offsets('g')
    for (const [partition, read] of this.read.entries()) {
      const offset = offsets[`t-${partition}`] ?? 0
      for (let i = this.stored[partition] ?? 0; i < offset; i++)
        expect(read.has(i), `t-${partition}@${i} was committed and never given out`).toBe(true)
      expect(offset).toBeGreaterThanOrEqual(this.stored[partition] ?? 0)
      this.stored[partition] = offset
    }
  }

  private isAllRead(): boolean {
    const isRead = this.read.every(
      (read, partition) => read.size === this.setting.cluster.log('t', partition).endOffset,
    )
    return isRead && this.members.reduce((sum, member) => sum + member.assignment().length, 0) === PARTITIONS
  }

  private fault(call: Call): Fault {
    if (!GROUP_APIS.includes(call.spec.key) || this.random.next() >= this.faultRate) return undefined
    if (this.random.int(3) === 0) return { drop: this.random.int(2) === 0 ? 'before' : 'after' }
    const name = ERRORS[this.random.int(ERRORS.length)] as ErrorName
    // Who asks for offsets need be no member.
    return {
      errorCode: ERROR_CODES[call.spec.key === offsetFetch.key ? 'COORDINATOR_LOAD_IN_PROGRESS' : name],
    }
  }
}

describe('a group in trouble', () => {
  it('skips no record, and never goes back behind what it has stored', async () => {
    const { seed, random } = testRandom()
    for (let run = 0; run < RUNS; run++) {
      const setting = await GroupSetting.make({ brokers: 2, partitions: PARTITIONS, records: 10 })
      const trial = new Trial(setting, random)
      try {
        for (let i = 0; i < STEPS; i++) await trial.step()
        await trial.settle()
      } catch (error) {
        throw new Error(`seed ${seed}, run ${run}`, { cause: error })
      }
    }
  }, 60_000)
})
