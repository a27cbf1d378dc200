/** The throttles that kafka-reassign-partitions sets and takes away (KIP-73, KIP-113). */

import { javaHash } from '../../../base/java-hash.ts'
import type { Admin, ConfigOperation, ConfigResource, Reassignment } from '../../../client/index.ts'
import { executionException } from '../java-errors.ts'
import { javaHashOrder } from '../java-hash-order.ts'
import type { Tool } from '../tool.ts'
import { type AssignedPartition, type ProposedAssignment, partitionText } from './assignment-json.ts'

const LEADER_RATE = 'leader.replication.throttled.rate'
const FOLLOWER_RATE = 'follower.replication.throttled.rate'
const LOG_DIR_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const LEADER_REPLICAS = 'leader.replication.throttled.replicas'
const FOLLOWER_REPLICAS = 'follower.replication.throttled.replicas'

/** Which brokers send a partition and which get it. */
interface PartitionMove {
  readonly topic: string
  readonly partition: number
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
}

/** Throttles all that moves, what has begun to move before included. */
export async function throttleMoves(
  tool: Tool,
  admin: Admin,
  moves: readonly PartitionMove[],
  bytesPerSecond: number,
): Promise<void> {
  const topics = [...new Set(moves.map(({ topic }) => topic))]
  await alterConfigs(
    tool,
    admin,
    topics.map((name) => {
      const own = moves.filter(({ topic }) => topic === name)
      return {
        resource: { type: 'topic', name },
        operations: [
          { op: 'set', name: LEADER_REPLICAS, value: replicaList(own, ({ sources }) => sources) },
          { op: 'set', name: FOLLOWER_REPLICAS, value: replicaList(own, ({ destinations }) => destinations) },
        ],
      }
    }),
  )
  const brokers = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]))
  await setRates(tool, admin, [...brokers], [LEADER_RATE, FOLLOWER_RATE], bytesPerSecond)
  tool.line(`The inter-broker throttle limit was set to ${bytesPerSecond} B/s`)
}

/** The moves under way and the proposed ones. Where a partition is under way, its sources stay what they are. */
export function allMoves(
  current: readonly Reassignment[],
  proposed: readonly AssignedPartition[],
  now: readonly AssignedPartition[],
): PartitionMove[] {
  const moves = new Map<string, PartitionMove>()
  for (const { topic, partition, replicas, addingReplicas } of current) {
    const sources = replicas.filter((id) => !addingReplicas.includes(id))
    moves.set(partitionText({ topic, partition }), {
      topic,
      partition,
      sources,
      destinations: addingReplicas,
    })
  }
  const replicasNow = new Map(now.map((each) => [partitionText(each), each.replicas]))
  for (const { topic, partition, replicas } of proposed) {
    const name = partitionText({ topic, partition })
    const sources = moves.get(name)?.sources ?? replicasNow.get(name) ?? []
    const destinations = replicas.filter((id) => !sources.includes(id))
    moves.set(name, { topic, partition, sources, destinations })
  }
  return [...moves.values()]
}

export async function throttleLogDirs(
  tool: Tool,
  admin: Admin,
  { logDirs }: ProposedAssignment,
  bytesPerSecond: number,
): Promise<void> {
  await setRates(
    tool,
    admin,
    [...new Set(logDirs.map(({ broker }) => broker))],
    [LOG_DIR_RATE],
    bytesPerSecond,
  )
  tool.line(`The replica-alter-dir throttle limit was set to ${bytesPerSecond} B/s`)
}

/** Takes all throttles of all brokers away: nobody knows which of them took part. */
export async function clearThrottles(
  tool: Tool,
  admin: Admin,
  targets: readonly AssignedPartition[],
): Promise<void> {
  const { brokers: nodes } = await tool.call('listNodes', admin.describeCluster())
  const ids = new Set([...nodes.map(({ id }) => id), ...targets.flatMap(({ replicas }) => replicas)])
  const brokers = javaHashOrder([...ids], (id) => id)
  tool.line(
    `Clearing broker-level throttles on broker${brokers.length === 1 ? '' : 's'} ${brokers.join(',')}`,
  )
  const cleared = (names: readonly string[]) => names.map((name) => ({ op: 'delete', name }) as const)
  await alterConfigs(
    tool,
    admin,
    brokers.map((id) => ({
      resource: { type: 'broker', name: `${id}` },
      operations: cleared([LEADER_RATE, FOLLOWER_RATE, LOG_DIR_RATE]),
    })),
  )
  const topics = javaHashOrder([...new Set(targets.map(({ topic }) => topic))], javaHash)
  tool.line(`Clearing topic-level throttles on topic${topics.length === 1 ? '' : 's'} ${topics.join(',')}`)
  await alterConfigs(
    tool,
    admin,
    topics.map((name) => ({
      resource: { type: 'topic', name },
      operations: cleared([LEADER_REPLICAS, FOLLOWER_REPLICAS]),
    })),
  )
}

function setRates(
  tool: Tool,
  admin: Admin,
  brokers: readonly number[],
  names: readonly string[],
  bytesPerSecond: number,
): Promise<void> {
  const operations = names.map((name) => ({ op: 'set', name, value: `${bytesPerSecond}` }) as const)
  const changes = brokers.map((id) => ({ resource: { type: 'broker', name: `${id}` } as const, operations }))
  return alterConfigs(tool, admin, changes)
}

async function alterConfigs(
  tool: Tool,
  admin: Admin,
  changes: readonly { resource: ConfigResource; operations: readonly ConfigOperation[] }[],
): Promise<void> {
  const results = await tool.call('incrementalAlterConfigs', admin.incrementalAlterConfigs(changes))
  for (const { error } of results) if (error !== null) throw executionException(error)
}

/** `partition:broker` each, in the order of a TreeSet of strings. */
function replicaList(
  moves: readonly PartitionMove[],
  brokersOf: (move: PartitionMove) => readonly number[],
): string {
  const components = moves.flatMap((move) => brokersOf(move).map((id) => `${move.partition}:${id}`))
  return [...new Set(components)].sort().join(',')
}
