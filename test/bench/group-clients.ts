/** Members of a group with nothing behind them but the protocol, the same for every broker. */
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, Connection } from '../../src/client/index.ts'
import { ERROR_CODES, encodeVersioned } from '../../src/protocol/index.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/protocol/internal/index.ts'
import { joinGroup } from '../../src/protocol/messages/11-join-group.ts'
import { heartbeat } from '../../src/protocol/messages/12-heartbeat.ts'
import { leaveGroup } from '../../src/protocol/messages/13-leave-group.ts'
import { syncGroup } from '../../src/protocol/messages/14-sync-group.ts'

const HEARTBEAT_MS = 20
const TIMEOUT_MS = 60_000
const TOPIC = 'bench'
const PARTITIONS = 200
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const network = createNodeNetwork(systemClock)

function adminOf(ports: readonly number[]): Admin {
  const bootstrap = ports.map((port) => ({ kind: 'tcp' as const, host: '127.0.0.1', port }))
  return new Admin({ bootstrap, network, clock: systemClock, random: systemRandom })
}

/** A topic, and so many groups that have committed offsets of some of its partitions. */
export async function makeGroups(
  ports: readonly number[],
  count: number,
  partitionsEach: number,
): Promise<void> {
  const admin = adminOf(ports)
  try {
    await admin.createTopics([{ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1 }])
    await admin.alterConsumerGroupOffsets('first', [{ topic: TOPIC, partition: 0, offset: 0 }])
    let next = 0
    const work = async () => {
      while (next < count) {
        const i = next++
        const offsets = Array.from({ length: partitionsEach }, (_, k) => ({
          topic: TOPIC,
          partition: (i + k) % PARTITIONS,
          offset: 0,
        }))
        const results = await admin.alterConsumerGroupOffsets(`group-${i}`, offsets)
        const failed = results.find(({ error }) => error !== null)
        if (failed?.error) throw failed.error
      }
    }
    await Promise.all(Array.from({ length: 32 }, work))
  } finally {
    await admin.close()
  }
}

/** So many members of one new group. */
export async function openMembers(
  ports: readonly number[],
  groupId: string,
  count: number,
): Promise<Member[]> {
  const admin = adminOf(ports)
  try {
    const [group] = await admin.describeConsumerGroups([groupId])
    const port = group?.coordinator?.port ?? 0
    return await Promise.all(Array.from({ length: count }, () => Member.open(port, groupId)))
  } finally {
    await admin.close()
  }
}

/** All have joined and were given their part, in the same generation. Milliseconds since `work` began. */
export async function settled(members: readonly Member[], work: () => void): Promise<number> {
  const begin = performance.now()
  work()
  const generationBefore = Math.max(...members.map(({ generation }) => generation))
  for (;;) {
    await Promise.race([Promise.all(members.map((member) => member.whenStable())), pause(TIMEOUT_MS)])
    const generations = new Set(members.map(({ generation }) => generation))
    const [one = -1] = generations
    const isDone =
      generations.size === 1 && one >= generationBefore && members.every(({ isStable }) => isStable)
    if (isDone && members.reduce((sum, { assigned }) => sum + assigned, 0) === PARTITIONS)
      return performance.now() - begin
    if (performance.now() - begin > TIMEOUT_MS) throw new Error('the group does not settle')
    await pause(1)
  }
}

export class Member {
  generation = -1
  isStable = false
  /** How many partitions it was given. */
  assigned = 0
  private readonly connection: Connection
  private readonly groupId: string
  private memberId = ''
  private isOpen = true
  private waiting: (() => void)[] = []

  static async open(port: number, groupId: string): Promise<Member> {
    const address = { kind: 'tcp' as const, host: '127.0.0.1', port }
    const times = { connectTimeoutMs: 5_000, requestTimeoutMs: TIMEOUT_MS * 2 }
    return new Member(
      await Connection.open(network, address, { clock: systemClock, clientId: 'm', ...times }),
      groupId,
    )
  }

  private constructor(connection: Connection, groupId: string) {
    this.connection = connection
    this.groupId = groupId
  }

  /** Joins, and goes on being a member until `leave`. */
  async run(): Promise<void> {
    while (this.isOpen) {
      await this.join()
      while (this.isOpen && (await this.beats())) await pause(HEARTBEAT_MS)
      this.isStable = false
    }
  }

  whenStable(): Promise<void> {
    return this.isStable ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }

  async leave(): Promise<void> {
    this.isOpen = false
    const { groupId, memberId, connection } = this
    await connection.send(leaveGroup, { groupId, members: [{ memberId }] }).catch(() => undefined)
    connection.close()
  }

  private async beats(): Promise<boolean> {
    const { groupId, memberId, generation } = this
    const answer = await this.connection
      .send(heartbeat, { groupId, memberId, generationId: generation })
      .catch(() => undefined)
    return answer?.errorCode === ERROR_CODES.NONE
  }

  private async join(): Promise<void> {
    const metadata = encodeVersioned(consumerProtocolSubscription, 1, { topics: [TOPIC] })
    while (this.isOpen) {
      const joined = await this.connection.send(joinGroup, {
        groupId: this.groupId,
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: TIMEOUT_MS,
        memberId: this.memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
      })
      this.memberId = joined.memberId
      if (joined.errorCode !== ERROR_CODES.NONE) continue
      this.generation = joined.generationId
      const ids = joined.leader === joined.memberId ? joined.members.map(({ memberId }) => memberId) : []
      const synced = await this.connection.send(syncGroup, {
        groupId: this.groupId,
        generationId: joined.generationId,
        memberId: joined.memberId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: assignments(ids),
      })
      if (synced.errorCode !== ERROR_CODES.NONE) continue
      this.assigned = countOf(synced.assignment)
      this.isStable = true
      for (const resolve of this.waiting.splice(0)) resolve()
      return
    }
  }
}

/** As the range assignor deals one topic out. */
function assignments(memberIds: readonly string[]): { memberId: string; assignment: Buffer }[] {
  const sorted = [...memberIds].sort()
  const each = Math.floor(PARTITIONS / Math.max(1, sorted.length))
  const more = PARTITIONS % Math.max(1, sorted.length)
  return sorted.map((memberId, i) => {
    const from = i * each + Math.min(i, more)
    const partitions = Array.from({ length: each + (i < more ? 1 : 0) }, (_, k) => from + k)
    const assignedPartitions = [{ topic: TOPIC, partitions }]
    return { memberId, assignment: encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions }) }
  })
}

/** Of one topic whose name is known: its length, the number of partitions behind it. */
function countOf(assignment: Buffer): number {
  return assignment.length === 0 ? 0 : assignment.readInt32BE(2 + 4 + 2 + TOPIC.length)
}
