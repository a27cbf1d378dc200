import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import {
  type OffsetForLeaderEpochRequestInput,
  offsetForLeaderEpoch,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { Partition } from './partition.ts'
import type { PeerConnection } from './types.ts'

type Topics = NonNullable<OffsetForLeaderEpochRequestInput['topics']>

export interface FollowerCallsOptions {
  readonly brokerId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly connect: (brokerId: number) => Promise<PeerConnection>
}

/**
 * After a clean stop replicas sleep until somebody names them (see ReplicaTable). A leader that has something for its
 * followers asks them where the epoch ends: that wakes them, and the answer does not matter. When a call is lost, they
 * begin to follow a little later by themselves.
 */
export class FollowerCalls {
  private readonly options: FollowerCallsOptions
  private readonly waiting = new Map<number, Partition[]>()

  constructor(options: FollowerCallsOptions) {
    this.options = options
  }

  /** What one turn of the loop brings goes in one request to each broker. */
  call(brokerId: number, partition: Partition): void {
    if (this.waiting.size === 0) this.options.clock.defer(() => this.sendAll())
    const partitions = this.waiting.get(brokerId)
    if (partitions === undefined) this.waiting.set(brokerId, [partition])
    else partitions.push(partition)
  }

  private sendAll(): void {
    for (const [brokerId, partitions] of this.waiting) {
      this.send(brokerId, partitions).catch((error: unknown) => {
        this.options.logger.debug(`cannot call broker ${brokerId} to follow: ${messageOf(error)}`)
      })
    }
    this.waiting.clear()
  }

  private async send(brokerId: number, partitions: readonly Partition[]): Promise<void> {
    const connection = await this.options.connect(brokerId)
    try {
      const request = { replicaId: this.options.brokerId, topics: topicsOf(partitions) }
      await connection.send(offsetForLeaderEpoch, request)
    } finally {
      connection.close()
    }
  }
}

function topicsOf(partitions: readonly Partition[]): Topics {
  return partitions.map(({ topic, partition, leaderEpoch }) => ({
    topic,
    partitions: [{ partition, currentLeaderEpoch: leaderEpoch, leaderEpoch }],
  }))
}
