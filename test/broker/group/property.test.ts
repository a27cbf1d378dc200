import { expect, it } from 'vitest'
import type { Random } from '../../../src/base/random.ts'
import type { JoinResult } from '../../../src/broker/group/member.ts'
import { testRandom } from '../../support/seed.ts'
import { TestGroups } from './support.ts'

const CLIENTS = 6
const STEPS = 250

/** A client that does what the protocol allows, and sometimes what it does not. */
class Client {
  memberId = ''
  generationId = -1
  isBusy = false
  readonly groupInstanceId: string | null
  private readonly model: Model

  constructor(model: Model, groupInstanceId: string | null) {
    this.model = model
    this.groupInstanceId = groupInstanceId
  }

  private async alone(work: () => Promise<unknown>): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    await work().catch((error: unknown) => this.model.errors.push(error))
    this.isBusy = false
  }

  join(requireKnownMemberId: boolean): void {
    void this.alone(async () => {
      const { groups } = this.model
      const { memberId, groupInstanceId } = this
      const result = await groups.join({
        memberId,
        groupInstanceId,
        requireKnownMemberId: requireKnownMemberId && groupInstanceId === null,
        rebalanceTimeoutMs: 20_000,
      })
      if (result.error === 'UNKNOWN_MEMBER_ID' || result.error === 'FENCED_INSTANCE_ID') this.memberId = ''
      else this.memberId = result.memberId
      if (result.error !== 'NONE') return
      this.generationId = result.generationId
      this.model.joined(result)
      if (result.skipAssignment) return
      if (this.model.random.next() < 0.15) return
      const assignments = Object.fromEntries(
        result.members.map(({ memberId: id }) => [id, `${result.generationId}:${id}`]),
      )
      const synced = await groups.sync(this.memberId, this.generationId, assignments)
      if (synced.error === 'NONE') this.model.synced(this, synced.assignment.toString())
    })
  }

  beat(): void {
    void this.alone(async () => {
      const { memberId, generationId, groupInstanceId } = this
      const error = await this.model.groups.beat(memberId, generationId, groupInstanceId)
      expect(ALLOWED_AT_HEARTBEAT).toContain(error)
    })
  }

  leave(): void {
    void this.alone(async () => {
      await this.model.groups.leave(this.memberId)
      this.memberId = ''
    })
  }

  commit(offset: number): void {
    void this.alone(async () => {
      const { memberId, generationId } = this
      const error = await this.model.groups.commit(offset, { memberId, generationId })
      if (error !== 'NONE') return
      this.model.committed = Math.max(this.model.committed, offset)
    })
  }
}

const ALLOWED_AT_HEARTBEAT = [
  ...['NONE', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'],
]

/** What all that was answered must agree on. */
class Model {
  readonly groups = new TestGroups({ 'group.initial.rebalance.delay.ms': '1000' })
  readonly random: Random
  readonly clients: Client[]
  committed = -1
  readonly errors: unknown[] = []
  private readonly generations = new Map<number, { protocolName: string | null; leaders: Set<string> }>()
  latest = 0

  constructor(random: Random) {
    this.random = random
    this.clients = Array.from(
      { length: CLIENTS },
      (_, i) => new Client(this, i % 3 === 0 ? `static-${i}` : null),
    )
  }

  joined(result: JoinResult): void {
    const { generationId, protocolName, leaderId, members } = result
    const known = this.generations.get(generationId) ?? { protocolName, leaders: new Set() }
    this.generations.set(generationId, known)
    expect(protocolName).toBe(known.protocolName)
    // No answer of an old generation after one of a new one.
    expect(generationId).toBeGreaterThanOrEqual(this.latest)
    this.latest = generationId
    if (members.length === 0) return
    // Only who leads sees the members, and is one of them.
    expect(leaderId).toBe(result.memberId)
    expect(members.map(({ memberId }) => memberId)).toContain(leaderId)
    known.leaders.add(leaderId)
  }

  synced({ memberId, generationId }: Client, assignment: string): void {
    // Empty: the leader did not know it; a static member keeps what its predecessor had.
    if (assignment === '') return
    const [generation = '', owner = ''] = assignment.split(/:(.*)/s)
    expect(Number(generation)).toBe(generationId)
    if (!memberId.startsWith('static-')) expect(owner).toBe(memberId)
  }

  async step(i: number): Promise<void> {
    const { random, clients } = this
    const client = clients[random.int(CLIENTS)] as Client
    const choice = random.next()
    if (choice < 0.35) client.join(random.next() < 0.5)
    else if (choice < 0.6) for (const each of clients) each.beat()
    else if (choice < 0.65) client.leave()
    else if (choice < 0.85) client.commit(i)
    else await this.groups.clock.advance(random.int(4_000))
    await this.groups.clock.settle()
  }
}

it('whatever members do, they agree, and what was committed stays', async () => {
  const { seed, random } = testRandom()
  const model = new Model(random)
  const { groups } = model
  try {
    for (let i = 0; i < STEPS; i++) await model.step(i)
    expect(model.latest).toBeGreaterThan(3)
    expect(model.committed).toBeGreaterThan(0)
    // Everybody is answered in the end, and nobody is left.
    await groups.clock.advance(400_000)
    if (model.errors.length > 0) throw model.errors[0]
    expect(model.clients.map(({ isBusy }) => isBusy)).not.toContain(true)
    expect(['Empty', 'Dead']).toContain(await groups.state())
    if (model.committed >= 0) expect((await groups.offsets()).orders).toBe(model.committed)
    const reloaded = new TestGroups({}, groups.replicas)
    expect(await reloaded.offsets()).toEqual(await groups.offsets())
    expect(await reloaded.coordinator.admin.describe('g')).toEqual(
      await groups.coordinator.admin.describe('g'),
    )
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error })
  }
})
