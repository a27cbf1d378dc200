import type { Partition } from './partition.ts'

/** Who a consumer asks, and from where. */
export interface FetchingClient {
  /** `client.rack` */
  readonly rack: string
  readonly listenerName: string
}

/** Which replica a consumer should read from, when that is not the leader (KIP-392). */
export interface ReplicaSelector {
  /** Undefined: the leader. */
  select(partition: Partition, fetchOffset: number, client: FetchingClient): number | undefined
}

export interface RackMetadata {
  brokerEndpoint(brokerId: number, listenerName: string): { readonly rack: string | null } | undefined
}

/**
 * The replica in the client's rack: the leader if it is there, else the in-sync follower that has most of the log
 * (org.apache.kafka.common.replica.RackAwareReplicaSelector). One that has not the offset that is asked for, or that
 * the client cannot reach by this listener, is not considered (ReplicaManager.findPreferredReadReplica).
 */
export class RackAwareReplicaSelector implements ReplicaSelector {
  private readonly brokerId: number
  private readonly metadata: RackMetadata

  constructor(brokerId: number, metadata: RackMetadata) {
    this.brokerId = brokerId
    this.metadata = metadata
  }

  select(
    partition: Partition,
    fetchOffset: number,
    { rack, listenerName }: FetchingClient,
  ): number | undefined {
    const rackOf = (id: number) => this.metadata.brokerEndpoint(id, listenerName)?.rack
    if (rack === '' || !partition.isLeader || rackOf(this.brokerId) === rack) return undefined
    const inSync = partition.isr.isr
    const nearby = [...partition.followers.values()].filter(
      ({ brokerId, logStartOffset, logEndOffset }) =>
        inSync.includes(brokerId) &&
        logStartOffset <= fetchOffset &&
        logEndOffset >= fetchOffset &&
        rackOf(brokerId) === rack,
    )
    nearby.sort(
      (a, b) =>
        b.logEndOffset - a.logEndOffset ||
        b.lastCaughtUpTimeMs - a.lastCaughtUpTimeMs ||
        a.brokerId - b.brokerId,
    )
    return nearby[0]?.brokerId
  }
}
