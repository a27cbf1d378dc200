import {
  isZooKeeperError,
  type Op,
  type OpResult,
  type Stat,
  type ZooKeeperError,
  ZooKeeperMultiError,
} from '../../zookeeper/index.ts'
import { ZkNotifications } from './zk-notifications.ts'
import {
  type LeaderAndIsr,
  type LeaderIsrAndControllerEpoch,
  partitionStateZnode,
  type TopicPartition,
  topicPartitionsZnode,
  topicPartitionZnode,
  ZnodeError,
} from './znodes.ts'

/** What was found of a partition's state. */
export type PartitionStateRead = LeaderIsrAndControllerEpoch | ZooKeeperError | ZnodeError | undefined

/** A partition's state was written with this outcome; null when the znode had changed in between. */
export type StateUpdate = LeaderAndIsr | ZooKeeperError | null

interface StateWrite {
  readonly leaderAndIsr: LeaderAndIsr
  readonly op: Op & { readonly type: 'setData'; readonly version: number }
}

/** Partitions that are created or written in one transaction: far below the megabyte that ZooKeeper takes in one request. */
export const PARTITIONS_PER_MULTI = 500

/** Who leads which partition, who is in sync: read and written for many partitions at once. */
export class ZkPartitionStates extends ZkNotifications {
  /** Undefined where there is no state yet; an error where it could not be read. */
  async partitionStates(partitions: readonly TopicPartition[]): Promise<PartitionStateRead[]> {
    const nodes = await this.readAll(
      partitions.map(({ topic, partition }) => partitionStateZnode.path(topic, partition)),
    )
    // There are only so many ways to place three replicas on three brokers.
    const same = new Map<string, LeaderIsrAndControllerEpoch>()
    return partitions.map(({ topic, partition }, index) => {
      const node = nodes[index]
      if (node === null || node === undefined) return undefined
      if (node instanceof Error) return node
      const { data, stat } = node
      const key = `${stat.version} ${data?.toString('latin1')}`
      const known = same.get(key)
      if (known !== undefined) return known
      try {
        const state = partitionStateZnode.decode(topic, partition, data, stat.version)
        if (state !== undefined) same.set(key, state)
        return state
      } catch (error) {
        if (error instanceof ZnodeError) return error
        throw error
      }
    })
  }

  /** The first state of new partitions, and the znodes above it. The answer has an error for each that failed. */
  async createPartitionStates(
    states: readonly (TopicPartition & { readonly state: LeaderIsrAndControllerEpoch })[],
    epochZkVersion: number,
  ): Promise<(ZooKeeperError | undefined)[]> {
    const chunks = []
    for (let at = 0; at < states.length; at += PARTITIONS_PER_MULTI) {
      chunks.push(states.slice(at, at + PARTITIONS_PER_MULTI))
    }
    // A topic's first partition brings the node that all of them are in.
    const results = await Promise.all(
      chunks.map(async (chunk) => {
        const ops = chunk.flatMap(({ topic, partition, state }): Op[] => [
          ...(partition === 0 ? [created(topicPartitionsZnode.path(topic), null)] : []),
          created(topicPartitionZnode.path(topic, partition), null),
          created(partitionStateZnode.path(topic, partition), partitionStateZnode.encode(state)),
        ])
        try {
          await this.asController(epochZkVersion, ops)
          return chunk.map(() => undefined)
        } catch (error) {
          if (error instanceof ZooKeeperMultiError) return error
          throw error
        }
      }),
    )
    const outcome: (ZooKeeperError | undefined)[] = []
    for (const [index, result] of results.entries()) {
      const chunk = chunks[index] ?? []
      outcome.push(
        ...(Array.isArray(result) ? result : await this.createStatesOneByOne(chunk, epochZkVersion)),
      )
    }
    return outcome
  }

  /** Some of the znodes exist already: left behind by a controller that died, or not in the order of the numbers. */
  private async createStatesOneByOne(
    states: readonly (TopicPartition & { readonly state: LeaderIsrAndControllerEpoch })[],
    epochZkVersion: number,
  ): Promise<(ZooKeeperError | undefined)[]> {
    const attempt = async (path: string, data: Buffer | null, mayBeOurs = false) => {
      const op = created(path, data)
      try {
        await this.asController(epochZkVersion, [op])
        return undefined
      } catch (error) {
        if (mayBeOurs && isZooKeeperError(error, 'NODEEXISTS') && (await this.holds(op))) return undefined
        if (isZooKeeperError(error) && error.zkCode !== 'SESSIONEXPIRED') return error
        throw error
      }
    }
    const topics = new Set(states.map(({ topic }) => topic))
    await Promise.all([...topics].map((topic) => attempt(topicPartitionsZnode.path(topic), null)))
    await Promise.all(
      states.map(({ topic, partition }) => attempt(topicPartitionZnode.path(topic, partition), null)),
    )
    return Promise.all(
      states.map(({ topic, partition, state }) =>
        attempt(partitionStateZnode.path(topic, partition), partitionStateZnode.encode(state), true),
      ),
    )
  }

  /** Writes states whose znodes still have the version `partitionEpoch`; the answer has the new ones. */
  async updatePartitionStates(
    states: readonly (TopicPartition & { readonly leaderAndIsr: LeaderAndIsr })[],
    controllerEpoch: number,
    epochZkVersion: number,
  ): Promise<StateUpdate[]> {
    const writes = states.map(
      ({ topic, partition, leaderAndIsr }): StateWrite => ({
        leaderAndIsr,
        op: {
          type: 'setData',
          path: partitionStateZnode.path(topic, partition),
          data: partitionStateZnode.encode({ leaderAndIsr, controllerEpoch }),
          version: leaderAndIsr.partitionEpoch,
        },
      }),
    )
    const chunks = []
    for (let at = 0; at < writes.length; at += PARTITIONS_PER_MULTI) {
      chunks.push(writes.slice(at, at + PARTITIONS_PER_MULTI))
    }
    return (await Promise.all(chunks.map((chunk) => this.writeStates(chunk, epochZkVersion)))).flat()
  }

  /** In one transaction, and one by one when that does not go: leaders change states too. */
  private async writeStates(writes: readonly StateWrite[], epochZkVersion: number): Promise<StateUpdate[]> {
    try {
      const ops = writes.map(({ op }) => op)
      const results = await this.asController(epochZkVersion, ops)
      return writes.map(({ leaderAndIsr }, index) => {
        return { ...leaderAndIsr, partitionEpoch: statOf(results[index + 1]).version }
      })
    } catch (error) {
      if (!isZooKeeperError(error) || error.zkCode === 'SESSIONEXPIRED') throw error
      const [only] = writes
      if (only !== undefined && writes.length === 1) return [await this.failedWrite(only, error)]
    }
    return (await Promise.all(writes.map((write) => this.writeStates([write], epochZkVersion)))).flat()
  }

  private async failedWrite({ leaderAndIsr, op }: StateWrite, error: ZooKeeperError): Promise<StateUpdate> {
    if (error.zkCode !== 'BADVERSION') return error
    const version = op.version + 1
    return (await this.holds(op, version)) ? { ...leaderAndIsr, partitionEpoch: version } : null
  }

  /** Whether the node is as the write wanted it: then the write was done, and the answer lost with the connection. */
  protected async holds(
    { path, data }: { path: string; data: Uint8Array | null },
    version = 0,
  ): Promise<boolean> {
    const node = await this.read(path)
    if (node === null || node.stat.version !== version) return false
    return node.data === null || data === null ? node.data === data : node.data.equals(data)
  }
}

export function created(path: string, data: Buffer | null) {
  return { type: 'create', path, data } as const
}

export function statOf(result: OpResult | undefined): Stat {
  if (result?.type === 'setData' || result?.type === 'create') return result.stat
  throw new TypeError('a multi did not answer with a stat')
}
