import path from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { systemErrorCode } from '../../base/errors.ts'
import { silentLogger } from '../../base/logger.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { systemRandom } from '../../base/random.ts'
import { brokerOfPipe, DataDirectory, pipeAddress, zookeeperPipe } from '../../cluster/index.ts'
import { describeFileName } from '../../inspect/index.ts'
import { connectZooKeeper, isZooKeeperError, type ZooKeeperClient } from '../../zookeeper/index.ts'
import { ClusterPoller, type PartitionStatus } from '../services/cluster/status-snapshot.ts'
import type { Target } from '../target.ts'

/** The folder of a replica, and what lies in it; no file is opened for that. */
export interface LogFiles {
  readonly path: string
  /** In their order; without those that are on their way out. */
  readonly segments: readonly { readonly baseOffset: number; readonly sizeBytes: number }[]
}

/** How a local cluster is at a moment, as far as it can be seen from outside of its brokers. */
export interface LocalSnapshot {
  /** By `TOPIC-PARTITION`. */
  readonly partitions: ReadonlyMap<string, PartitionStatus>
  /** By `BROKER TOPIC-PARTITION`. */
  readonly logs: ReadonlyMap<string, LogFiles>
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
      logs: this.logs(cluster.partitions),
      znodes: client === undefined ? undefined : await readTree(client),
    }
  }

  async close(): Promise<void> {
    this.poller.close()
    await (await this.znodes)?.close().catch(() => undefined)
  }

  private logs(partitions: readonly PartitionStatus[]): Map<string, LogFiles> {
    const places = new Map(this.directory.brokers.map(({ id, logDirs }) => [id, logDirs]))
    const found = new Map<string, LogFiles>()
    for (const { topic, partition, replicas } of partitions) {
      for (const { broker } of replicas) {
        const name = `${topic}-${partition}`
        const files = filesOf((places.get(broker) ?? []).map((logDir) => path.join(logDir, name)))
        if (files !== undefined) found.set(`${broker} ${name}`, files)
      }
    }
    return found
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

/** Of a broker with several log directories one has the replica. Undefined also while it comes or goes. */
function filesOf(folders: readonly string[]): LogFiles | undefined {
  const folder = folders.find((each) => nodeFileSystem.existsSync(each))
  if (folder === undefined) return undefined
  try {
    const segments = nodeFileSystem.readdirSync(folder).flatMap((name) => {
      const { kind, baseOffset, mark } = describeFileName(name)
      if (kind !== 'log' || baseOffset === undefined || mark !== undefined) return []
      const sizeBytes = nodeFileSystem.statSync(path.join(folder, name))?.sizeBytes
      return sizeBytes === undefined ? [] : [{ baseOffset, sizeBytes }]
    })
    return { path: folder, segments: segments.sort((a, b) => a.baseOffset - b.baseOffset) }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
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
