import { type LeaderAndIsr, RECOVERING } from '../zk/index.ts'
import type { ControlledPartition, ControllerContext } from './context.ts'

/**
 * How a leader is chosen (kafka.controller.Election): `offline` from the live members of the ISR and, where the topic
 * allows it, from the other live replicas; `controlledShutdown` from those of the ISR that are not going down.
 */
export type ElectionStrategy = 'offline' | 'controlledShutdown'

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

/** The next leader epoch; the recovery state stays. */
export function newLeader(current: LeaderAndIsr, leader: number, isr: readonly number[]): LeaderAndIsr {
  return { ...current, leader, leaderEpoch: current.leaderEpoch + 1, isr }
}
