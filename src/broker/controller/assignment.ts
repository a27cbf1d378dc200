import type { Random } from '../../base/random.ts'
import { ApiError } from '../api-error.ts'
import type { ReplicaAssignment } from '../zk/index.ts'

export interface AssignableBroker {
  readonly id: number
  readonly rack: string | null
}

/** Broker ids of each partition, the preferred leader first. */
export type Replicas = Map<number, readonly number[]>

/** A topic's assignment is one znode, which ZooKeeper limits to 1 MiB (jute.maxbuffer); a request must not stall the broker. */
const MAX_PARTITIONS = 100_000

export interface AssignmentOptions {
  /** The first index and the first shift; drawn when it is left out. */
  readonly startIndex?: number
  /** The number of the first new partition. Default 0. */
  readonly startPartition?: number
}

/**
 * Spreads partitions over the brokers (org.apache.kafka.admin.AdminUtils.assignReplicasToBrokers): leaders round robin
 * from a random broker on, followers behind them with a shift that grows with each round. When brokers have racks, the
 * replicas of a partition go to as many racks as there are. `brokers` are in the order of their ids.
 * Throws {@link ApiError} in Kafka's words.
 */
export function assignReplicas(
  brokers: readonly AssignableBroker[],
  partitions: number,
  replicationFactor: number,
  random: Random,
  options: AssignmentOptions = {},
): Replicas {
  if (partitions <= 0) {
    throw new ApiError('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.')
  }
  if (partitions > MAX_PARTITIONS) {
    throw new ApiError(
      'INVALID_PARTITIONS',
      `Number of partitions must be at most ${MAX_PARTITIONS}: the assignment of more does not fit into a znode.`,
    )
  }
  if (replicationFactor <= 0) {
    throw new ApiError('INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0.')
  }
  if (replicationFactor > brokers.length) {
    throw new ApiError(
      'INVALID_REPLICATION_FACTOR',
      `Replication factor: ${replicationFactor} larger than available brokers: ${brokers.length}.`,
    )
  }
  const racks = racksOf(brokers)
  const ids = racks === null ? brokers.map(({ id }) => id) : rackAlternated(racks)
  const startIndex = options.startIndex ?? random.int(ids.length)
  let shift = options.startIndex ?? random.int(ids.length)
  const first = Math.max(0, options.startPartition ?? 0)
  const replicas: Replicas = new Map()
  for (let partition = first; partition < first + partitions; partition++) {
    if (partition > 0 && partition % ids.length === 0) shift++
    const leader = (partition + startIndex) % ids.length
    replicas.set(
      partition,
      racks === null
        ? followersInOrder(ids, leader, shift, replicationFactor)
        : followersByRack(ids, racks, leader, shift, replicationFactor),
    )
  }
  return replicas
}

/** Null when no broker has a rack. */
function racksOf(brokers: readonly AssignableBroker[]): Map<number, string> | null {
  const racks = new Map<number, string>()
  for (const { id, rack } of brokers) if (rack !== null) racks.set(id, rack)
  if (racks.size === 0) return null
  if (racks.size < brokers.length) {
    throw new ApiError(
      'UNKNOWN_SERVER_ERROR',
      'Not all brokers have rack information for replica rack aware assignment.',
    )
  }
  return racks
}

function at(ids: readonly number[], index: number): number {
  return ids[index] ?? -1
}

function followersInOrder(
  ids: readonly number[],
  leader: number,
  shift: number,
  replicationFactor: number,
): number[] {
  const replicas = [at(ids, leader)]
  for (let follower = 0; follower < replicationFactor - 1; follower++) {
    replicas.push(at(ids, replicaIndex(leader, shift, follower, ids.length)))
  }
  return replicas
}

/** Passes over racks that have a replica as long as others have none, and over brokers likewise. */
function followersByRack(
  ids: readonly number[],
  racks: ReadonlyMap<number, string>,
  leader: number,
  shift: number,
  replicationFactor: number,
): number[] {
  const rackCount = new Set(racks.values()).size
  const replicas = [at(ids, leader)]
  const usedRacks = new Set([racks.get(at(ids, leader))])
  for (let step = 0; replicas.length < replicationFactor; step++) {
    const broker = at(ids, replicaIndex(leader, shift * rackCount, step, ids.length))
    const rack = racks.get(broker)
    if (usedRacks.has(rack) && usedRacks.size < rackCount) continue
    if (replicas.includes(broker)) continue
    replicas.push(broker)
    usedRacks.add(rack)
  }
  return replicas
}

function replicaIndex(leader: number, shift: number, follower: number, brokers: number): number {
  return (leader + 1 + ((shift + follower) % (brokers - 1))) % brokers
}

/** One broker of each rack after another: racks 0,1,2 | 3,4,5 | 6,7,8 give 0, 3, 6, 1, 4, 7, 2, 5, 8. */
export function rackAlternated(racks: ReadonlyMap<number, string>): number[] {
  const byRack = new Map<string, number[]>()
  for (const [id, rack] of racks) {
    const ids = byRack.get(rack)
    if (ids === undefined) byRack.set(rack, [id])
    else ids.push(id)
  }
  const groups = [...byRack.keys()].sort().map((rack) => (byRack.get(rack) ?? []).sort((a, b) => a - b))
  const result: number[] = []
  for (let round = 0; result.length < racks.size; round++) {
    for (const group of groups) {
      const id = group[round]
      if (id !== undefined) result.push(id)
    }
  }
  return result
}

/** What somebody has chosen for a new topic (AdminZkClient.validateTopicCreate). Brokers need not exist. */
export function validateTopicReplicas(replicas: ReadonlyMap<number, readonly number[]>): void {
  const invalid = (message: string) => new ApiError('INVALID_REPLICA_ASSIGNMENT', message)
  const sizes = new Set([...replicas.values()].map((ids) => ids.length))
  if (sizes.size !== 1) throw invalid('All partitions should have the same number of replicas')
  for (const ids of replicas.values()) {
    if (new Set(ids).size === ids.length) continue
    const shown = [...replicas].map(([partition, each]) => `${partition} -> ArrayBuffer(${each.join(', ')})`)
    throw invalid(`Duplicate replica assignment found: HashMap(${shown.join(', ')})`)
  }
  for (let partition = 0; partition < replicas.size; partition++) {
    if (!replicas.has(partition)) {
      throw invalid('partitions should be a consecutive 0-based integer sequence')
    }
  }
}

/** What somebody has chosen for additional partitions (ZkAdminManager.createPartitions, validateReplicaAssignment). */
export function validateNewReplicas(
  chosen: readonly (readonly number[])[],
  options: {
    /** The number of the first new partition, and how many there are to be. */
    readonly firstPartition: number
    readonly count: number
    readonly replicationFactor: number
    readonly brokerIds: readonly number[]
  },
): Replicas {
  const { firstPartition, count, replicationFactor, brokerIds } = options
  const invalid = (message: string) => new ApiError('INVALID_REPLICA_ASSIGNMENT', message)
  const unknown = [...new Set(chosen.flat())].filter((id) => !brokerIds.includes(id))
  if (unknown.length > 0) throw invalid(`Unknown broker(s) in replica assignment: ${unknown.join(', ')}.`)
  if (chosen.length !== count) {
    throw invalid(
      `Increasing the number of partitions by ${count} but ${chosen.length} assignments provided.`,
    )
  }
  const replicas: Replicas = new Map(chosen.map((ids, index) => [firstPartition + index, ids]))
  for (const [partition, ids] of replicas) {
    if (ids.length === 0) throw invalid(`Cannot have replication factor of 0 for partition id ${partition}.`)
    if (new Set(ids).size !== ids.length) {
      throw invalid(
        `Duplicate brokers not allowed in replica assignment: ${ids.join(', ')} for partition id ${partition}.`,
      )
    }
  }
  const wrong = [...replicas].filter(([, ids]) => ids.length !== replicationFactor)
  if (wrong.length > 0) {
    const partitions = wrong.map(([partition]) => partition).join(', ')
    const factors = wrong.map(([, ids]) => ids.length).join(', ')
    throw invalid(
      `Inconsistent replication factor between partitions, partition 0 has ${replicationFactor} ` +
        `while partitions [${partitions}] have replication factors [${factors}], respectively.`,
    )
  }
  return replicas
}

/** No reassignment under way. */
export function settled(replicas: ReadonlyMap<number, readonly number[]>): Map<number, ReplicaAssignment> {
  return new Map(
    [...replicas].map(([partition, ids]) => [
      partition,
      { replicas: ids, addingReplicas: [], removingReplicas: [] },
    ]),
  )
}
