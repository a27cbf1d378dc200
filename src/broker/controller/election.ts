import { type LeaderAndIsr, RECOVERING, type ReplicaAssignment } from '../zk/index.ts'
import type { ControlledPartition, ControllerContext } from './context.ts'

/**
 * How a leader is chosen (kafka.controller.Election): `offline` from the live members of the ISR and, where the topic
 * allows it, from the other live replicas; `unclean` likewise, whatever the topic allows; `controlledShutdown` from those
 * of the ISR that are not going down; `preferred` the first replica, if it is live and in the ISR; `reassignment` from the
 * live members of the ISR that stay.
 */
export type ElectionStrategy = 'offline' | 'unclean' | 'controlledShutdown' | 'preferred' | 'reassignment'

/** As Kafka names them in what it answers. */
export const STRATEGY_NAMES: Readonly<Record<ElectionStrategy, string>> = {
  offline: 'OfflinePartitionLeaderElectionStrategy(false)',
  unclean: 'OfflinePartitionLeaderElectionStrategy(true)',
  controlledShutdown: 'ControlledShutdownPartitionLeaderElectionStrategy',
  preferred: 'PreferredReplicaPartitionLeaderElectionStrategy',
  reassignment: 'ReassignPartitionLeaderElectionStrategy',
}

export interface ElectionResult {
  /** Undefined when nobody can lead. Its partition epoch is that of the state it follows. */
  readonly leaderAndIsr: LeaderAndIsr | undefined
  /** The replicas to tell. */
  readonly liveReplicas: readonly number[]
}

export function electOffline(
  context: ControllerContext,
  partition: ControlledPartition,
  current: LeaderAndIsr,
  { allowUnclean }: { allowUnclean: boolean },
): ElectionResult {
  const isOnline = (replica: number) => context.isReplicaOnline(replica, partition)
  const liveReplicas = partition.assignment.replicas.filter(isOnline)
  const clean = liveReplicas.find((replica) => current.isr.includes(replica))
  if (clean !== undefined) {
    return { leaderAndIsr: newLeader(current, clean, current.isr.filter(isOnline)), liveReplicas }
  }
  const unclean = allowUnclean ? liveReplicas[0] : undefined
  if (unclean === undefined) return { leaderAndIsr: undefined, liveReplicas }
  const leaderAndIsr = { ...newLeader(current, unclean, [unclean]), leaderRecoveryState: RECOVERING }
  return { leaderAndIsr, liveReplicas }
}

export function electForControlledShutdown(
  context: ControllerContext,
  partition: ControlledPartition,
  current: LeaderAndIsr,
): ElectionResult {
  const liveReplicas = partition.assignment.replicas.filter((replica) =>
    context.isReplicaOnline(replica, partition, { withShuttingDown: true }),
  )
  const stays = (replica: number) => !context.shuttingDownBrokers.has(replica)
  const leader = liveReplicas.find((replica) => current.isr.includes(replica) && stays(replica))
  const leaderAndIsr =
    leader === undefined ? undefined : newLeader(current, leader, current.isr.filter(stays))
  return { leaderAndIsr, liveReplicas }
}

/** Whether the first replica could lead now. */
export function canBePreferredLeader(
  context: ControllerContext,
  partition: ControlledPartition,
  isr: readonly number[],
): boolean {
  const [preferred] = partition.assignment.replicas
  return preferred !== undefined && isr.includes(preferred) && context.isReplicaOnline(preferred, partition)
}

export function electPreferred(
  context: ControllerContext,
  partition: ControlledPartition,
  current: LeaderAndIsr,
): ElectionResult {
  const { replicas } = partition.assignment
  const [preferred] = replicas
  const canLead = preferred !== undefined && canBePreferredLeader(context, partition, current.isr)
  return {
    leaderAndIsr: canLead ? newLeader(current, preferred, current.isr) : undefined,
    liveReplicas: replicas,
  }
}

export function electForReassignment(
  context: ControllerContext,
  partition: ControlledPartition,
  current: LeaderAndIsr,
): ElectionResult {
  const liveReplicas = targetReplicas(partition.assignment)
  const leader = liveReplicas.find((id) => current.isr.includes(id) && context.isReplicaOnline(id, partition))
  return {
    leaderAndIsr: leader === undefined ? undefined : newLeader(current, leader, current.isr),
    liveReplicas,
  }
}

/** The replicas that a reassignment leads to. */
export function targetReplicas({ replicas, removingReplicas }: ReplicaAssignment): readonly number[] {
  return replicas.filter((id) => !removingReplicas.includes(id))
}

/** The next leader epoch; the recovery state stays. */
export function newLeader(current: LeaderAndIsr, leader: number, isr: readonly number[]): LeaderAndIsr {
  return { ...current, leader, leaderEpoch: current.leaderEpoch + 1, isr }
}
