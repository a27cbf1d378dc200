import { NO_LEADER } from '../zk/index.ts'
import type { ControlledPartition, ReplicaRef, ReplicaState } from './context.ts'
import { newLeader } from './election.ts'
import type { ControllerParts } from './parts.ts'

const PREVIOUS_STATES: Readonly<Record<ReplicaState, readonly ReplicaState[]>> = {
  New: ['NonExistent'],
  Online: ['New', 'Online', 'Offline', 'DeletionIneligible'],
  Offline: ['New', 'Online', 'Offline', 'DeletionIneligible'],
  DeletionStarted: ['Offline'],
  // Kafka takes it from DeletionStarted alone. A broker without room may fail to take the replica up and then delete it
  // when it was asked for both: the deletion would wait for its next start.
  DeletionSuccessful: ['DeletionStarted', 'DeletionIneligible', 'Offline'],
  DeletionIneligible: ['Offline', 'DeletionStarted'],
  NonExistent: ['DeletionSuccessful'],
}

/** The states of replicas and what happens on the way from one to another (kafka.controller.ZkReplicaStateMachine). */
export class ReplicaStates {
  private readonly parts: ControllerParts

  constructor(parts: ControllerParts) {
    this.parts = parts
  }

  /** Tells every broker its replicas and takes dead brokers out of the ISRs. */
  async startup(): Promise<void> {
    const { context, batch } = this.parts
    const offline: ReplicaRef[] = []
    for (const partition of context.allPartitions()) {
      const online: number[] = []
      for (const replica of partition.assignment.replicas) {
        const isOnline = context.isReplicaOnline(replica, partition)
        // Of a topic that is being deleted, a replica on a dead broker holds up the deletion.
        partition.replicaStates.set(replica, isOnline ? 'Online' : 'DeletionIneligible')
        if (isOnline) online.push(replica)
        else offline.push({ partition, replica })
      }
      if (online.length > 0) batch.addLeaderAndIsr(online, partition, { isNew: false })
    }
    batch.send()
    await this.change(offline, 'Offline')
  }

  async change(replicas: readonly ReplicaRef[], target: ReplicaState): Promise<void> {
    if (replicas.length === 0) return
    const valid = replicas.filter((ref) => this.isValid(ref, target))
    switch (target) {
      case 'New':
        for (const ref of valid) this.toNew(ref)
        break
      case 'Online':
        for (const ref of valid) this.toOnline(ref)
        break
      case 'Offline':
        await this.toOffline(valid)
        break
      case 'DeletionStarted':
        for (const { partition, replica } of valid) {
          partition.replicaStates.set(replica, target)
          this.parts.batch.addStopReplica([replica], partition, { deletePartition: true })
        }
        break
      case 'NonExistent':
        for (const ref of valid) this.toNonExistent(ref)
        break
      default:
        for (const { partition, replica } of valid) partition.replicaStates.set(replica, target)
    }
    this.parts.batch.send()
  }

  private isValid({ partition, replica }: ReplicaRef, target: ReplicaState): boolean {
    const state = partition.replicaState(replica)
    if (PREVIOUS_STATES[target].includes(state)) return true
    this.fail({ partition, replica }, target, `it is ${state}`)
    return false
  }

  private fail({ partition, replica }: ReplicaRef, target: ReplicaState, reason: string): void {
    this.parts.logger.error(`replica ${replica} of ${partition.name} cannot become ${target}: ${reason}`)
  }

  private toNew(ref: ReplicaRef): void {
    const { partition, replica } = ref
    if (partition.leadership?.leaderAndIsr.leader === replica) {
      this.fail(ref, 'New', 'it is asked to lead')
      return
    }
    this.parts.batch.addLeaderAndIsr([replica], partition, { isNew: true })
    partition.replicaStates.set(replica, 'New')
  }

  /** New replicas were told when their partition got its leader. */
  private toOnline({ partition, replica }: ReplicaRef): void {
    if (partition.replicaState(replica) !== 'New') {
      this.parts.batch.addLeaderAndIsr([replica], partition, { isNew: false })
    }
    partition.replicaStates.set(replica, 'Online')
  }

  private async toOffline(replicas: readonly ReplicaRef[]): Promise<void> {
    const { batch, context } = this.parts
    for (const { partition, replica } of replicas) {
      batch.addStopReplica([replica], partition, { deletePartition: false })
    }
    const byReplica = new Map<number, ControlledPartition[]>()
    for (const { partition, replica } of replicas) {
      // The ISR of a partition that goes does not matter any more: unlike Kafka, we do not write it once more.
      if (partition.leadership === undefined || context.topicsToBeDeleted.has(partition.topic)) {
        batch.addUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [partition])
        partition.replicaStates.set(replica, 'Offline')
        continue
      }
      const partitions = byReplica.get(replica)
      if (partitions === undefined) byReplica.set(replica, [partition])
      else partitions.push(partition)
    }
    for (const [replica, partitions] of byReplica) await this.removeFromIsr(replica, partitions)
  }

  /** Writes the smaller ISRs, again and again where the leader changes them at the same time. */
  private async removeFromIsr(replica: number, partitions: readonly ControlledPartition[]): Promise<void> {
    let remaining = partitions
    while (remaining.length > 0) remaining = await this.removeFromIsrOnce(replica, remaining)
  }

  private async removeFromIsrOnce(
    replica: number,
    partitions: readonly ControlledPartition[],
  ): Promise<ControlledPartition[]> {
    const { zk, context } = this.parts
    const states = await zk.partitionStates(partitions)
    const updates = []
    for (const [index, partition] of partitions.entries()) {
      const ref = { partition, replica }
      const state = states[index]
      if (state === undefined) {
        if (!context.topicsToBeDeleted.has(partition.topic))
          this.fail(ref, 'Offline', 'no state in ZooKeeper')
      } else if (state instanceof Error) this.fail(ref, 'Offline', state.message)
      else if (state.controllerEpoch > context.epoch) {
        this.fail(ref, 'Offline', `a controller of epoch ${state.controllerEpoch} has written the state`)
      } else {
        const { leaderAndIsr: current } = state
        if (!current.isr.includes(replica)) {
          partition.leadership = { leaderAndIsr: current, controllerEpoch: context.epoch }
          this.becameOffline(ref)
          continue
        }
        const leader = current.leader === replica ? NO_LEADER : current.leader
        // The last member stays: only it can lead again without a loss.
        const isr = current.isr.length === 1 ? current.isr : current.isr.filter((id) => id !== replica)
        const leaderAndIsr = newLeader(current, leader, isr)
        updates.push({ topic: partition.topic, partition: partition.partition, leaderAndIsr, of: partition })
      }
    }
    const results = await zk.updatePartitionStates(updates, context.epoch, context.epochZkVersion)
    const again: ControlledPartition[] = []
    updates.forEach(({ of: partition }, index) => {
      const result = results[index]
      if (result === null || result === undefined) again.push(partition)
      else if (result instanceof Error) this.fail({ partition, replica }, 'Offline', result.message)
      else {
        partition.leadership = { leaderAndIsr: result, controllerEpoch: context.epoch }
        this.becameOffline({ partition, replica })
      }
    })
    return again
  }

  private becameOffline({ partition, replica }: ReplicaRef): void {
    const { batch } = this.parts
    const recipients = partition.assignment.replicas.filter((id) => id !== replica)
    batch.addLeaderAndIsr(recipients, partition, { isNew: false })
    partition.replicaStates.set(replica, 'Offline')
  }

  private toNonExistent({ partition, replica }: ReplicaRef): void {
    const without = (ids: readonly number[]) => ids.filter((id) => id !== replica)
    const { replicas, addingReplicas, removingReplicas } = partition.assignment
    partition.assignment = {
      replicas: without(replicas),
      addingReplicas: without(addingReplicas),
      removingReplicas: without(removingReplicas),
    }
    partition.replicaStates.delete(replica)
  }
}
