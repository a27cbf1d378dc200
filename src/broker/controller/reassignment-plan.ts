import { ApiError } from '../api-error.ts'
import type { ReplicaAssignment } from '../zk/index.ts'
import { type ControlledPartition, isReassignment } from './context.ts'

export const NOBODY: ReplicaAssignment = { replicas: [], addingReplicas: [], removingReplicas: [] }

/** ReplicaAssignment.reassignTo: the target first, then what is there and goes. */
export function reassignTo(current: ReplicaAssignment, target: readonly number[]): ReplicaAssignment {
  const origin = originReplicas(current)
  const replicas = [...new Set([...target, ...origin])]
  return {
    replicas,
    addingReplicas: replicas.filter((id) => !origin.includes(id)),
    removingReplicas: replicas.filter((id) => !target.includes(id)),
  }
}

function originReplicas({ replicas, addingReplicas }: ReplicaAssignment): readonly number[] {
  return replicas.filter((id) => !addingReplicas.includes(id))
}

/** The assignment on the way to the target; null when there is nothing to take back. */
export function planReassignment(
  current: ReplicaAssignment,
  target: readonly number[] | null,
): ReplicaAssignment | null {
  if (target !== null) return reassignTo(current, target)
  return isReassignment(current) ? reassignTo(current, originReplicas(current)) : null
}

function invalid(message: string): ApiError {
  return new ApiError('INVALID_REPLICA_ASSIGNMENT', message)
}

/** Whatever a target may be, in Kafka's words. A znode of old is held to it too: an empty list would delete all replicas. */
export function badTarget(target: readonly number[]): ApiError | null {
  if (target.length === 0) return invalid('Empty replica list specified in partition reassignment.')
  if (new Set(target).size !== target.length) {
    return invalid(`Duplicate replica ids in partition reassignment replica list: ${scalaBuffer(target)}`)
  }
  if (target.every((id) => id >= 0)) return null
  return invalid(`Invalid broker id in replica list: ${scalaBuffer(target)}`)
}

/** Requests may only name new replicas whose brokers are up. */
export function deadTarget(
  current: ReplicaAssignment,
  target: readonly number[],
  live: readonly number[],
): ApiError | null {
  const { addingReplicas } = reassignTo(current, target)
  if (addingReplicas.every((id) => live.includes(id))) return null
  return invalid(
    `Replica assignment has brokers that are not alive. Replica list: ${scalaBuffer(addingReplicas)}, ` +
      `live broker list: Set(${live.join(', ')})`,
  )
}

/**
 * When only new replicas are in sync, taking them away would delete the last copy of what was acknowledged. Apache Kafka
 * does so in ZooKeeper mode, and refuses it in KRaft mode with these words.
 */
export function lossOf(
  partition: ControlledPartition | undefined,
  next: ReplicaAssignment | null,
): ApiError | null {
  const isr = partition?.leadership?.leaderAndIsr.isr ?? []
  if (partition === undefined || next === null || isr.length === 0) return null
  if (isr.some((id) => next.replicas.includes(id))) return null
  const { topic, partition: number } = partition
  return new ApiError(
    'INVALID_REPLICA_ASSIGNMENT',
    `Unable to revert partition assignment for ${topic}:${number} because it would require an unclean leader election.`,
  )
}

export function noSuchPartition(): ApiError {
  return new ApiError('UNKNOWN_TOPIC_OR_PARTITION', 'The partition does not exist.')
}

export function notInProgress(): ApiError {
  return new ApiError('NO_REASSIGNMENT_IN_PROGRESS', 'No partition reassignment is in progress.')
}

export function sameIds(a: readonly number[], b: readonly number[] | null): boolean {
  return b !== null && a.length === b.length && a.every((id, at) => id === b[at])
}

export function isSameAssignment(a: ReplicaAssignment, b: ReplicaAssignment): boolean {
  return (
    sameIds(a.replicas, b.replicas) &&
    sameIds(a.addingReplicas, b.addingReplicas) &&
    sameIds(a.removingReplicas, b.removingReplicas)
  )
}

/** As Scala shows the list that Kafka has here. */
function scalaBuffer(ids: readonly number[]): string {
  return `ArrayBuffer(${ids.join(', ')})`
}
