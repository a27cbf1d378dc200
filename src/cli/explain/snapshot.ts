import { systemClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { systemRandom } from '../../base/random.ts'
import { brokerOfPipe, DataDirectory, pipeAddress, zookeeperPipe } from '../../cluster/index.ts'
import { listSegments, locate, type SegmentSummary } from '../../inspect/index.ts'
import { connectZooKeeper, isZooKeeperError, type ZooKeeperClient } from '../../zookeeper/index.ts'
import { ClusterPoller, type PartitionStatus } from '../services/cluster/status-snapshot.ts'
import type { Target } from '../target.ts'

/** How a local cluster is at a moment, as far as it can be seen from outside of its brokers. */
export interface LocalSnapshot {
  /** By `TOPIC-PARTITION`. */
  readonly partitions: ReadonlyMap<string, PartitionStatus>
  /** By broker, partition and base offset; without those that are on their way out. */
  readonly segments: ReadonlyMap<string, SegmentSummary>
  /** By path; `mzxid` and `version` are new with each change. Undefined when the znodes cannot be seen. */
  readonly znodes: ReadonlyMap<string, { readonly version: number; readonly mzxid: number }> | undefined
}

const PATIENCE_MS = 5_000
const CONNECT_TIMEOUT_MS = 2_000

/** Looks at the cluster of a data directory, whichever process runs it. */
export class LocalEyes {
  readonly directory: DataDirectory
  private readonly poller: ClusterPoller
  private readonly target: Target
  private znodes: Promise<ZooKeeperClient | undefined> | undefined

  constructor(target: Target) {
    this.target = target
    const { network, clock, bootstrap } = target.clientOptions
    this.directory = new DataDirectory(nodeFileSystem, target.dataDir ?? '')
    const dataDir = this.directory.path
    this.poller = new ClusterPoller({
      network,
      clock,
      patienceMs: PATIENCE_MS,
      seeds: () => bootstrap.map((address) => ({ id: brokerOfPipe(address), address })),
      addressOf: ({ id }) => pipeAddress(id, dataDir),
      shownAddress: () => null,
      faults: () => Promise.resolve(undefined),
    })
  }

  /** Undefined when no broker answers. */
  async look(): Promise<LocalSnapshot | undefined> {
    const cluster = await this.poller.snapshot()
    if (cluster === undefined) return undefined
    this.znodes ??= this.connect().catch(() => undefined)
    const client = await this.znodes
    return {
      partitions: new Map(cluster.partitions.map((each) => [`${each.topic}-${each.partition}`, each])),
      segments: await this.segments(),
      znodes: client === undefined ? undefined : await readTree(client),
    }
  }

  async close(): Promise<void> {
    this.poller.close()
    await (await this.znodes)?.close().catch(() => undefined)
  }

  private async segments(): Promise<Map<string, SegmentSummary>> {
    // Files may come and go while they are listed; then the next look sees them.
    for (let attempt = 0; ; attempt++) {
      try {
        const found = await listSegments(
          nodeFileSystem,
          locate(nodeFileSystem, { names: [], dataDir: this.directory.path }),
        )
        return new Map(
          found
            .filter(({ dir, marks }) => dir.mark === undefined && !marks.includes('deleted'))
            .map((each) => [
              `${each.dir.brokerId} ${each.dir.topic}-${each.dir.partition} ${each.baseOffset}`,
              each,
            ]),
        )
      } catch (error) {
        if (attempt >= 3) throw error
      }
    }
  }

  private connect(): Promise<ZooKeeperClient> {
    return connectZooKeeper({
      network: this.target.clientOptions.network,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      servers: [zookeeperPipe(this.directory.path)],
      sessionTimeoutMs: 10_000,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    })
  }
}

async function readTree(client: ZooKeeperClient): Promise<Map<string, { version: number; mzxid: number }>> {
  const found = new Map<string, { version: number; mzxid: number }>()
  const visit = async (path: string): Promise<void> => {
    try {
      const { children, stat } = await client.getChildren(path)
      found.set(path, { version: stat.version, mzxid: stat.mzxid })
      const parent = path === '/' ? '' : path
      await Promise.all(children.map((name) => visit(`${parent}/${name}`)))
    } catch (error) {
      // It went away meanwhile.
      if (!isZooKeeperError(error, 'NONODE')) throw error
    }
  }
  await visit('/')
  return found
}
