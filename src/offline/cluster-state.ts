import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import {
  type BrokerInfo,
  brokerIdsZnode,
  brokerIdZnode,
  type ConfigEntityType,
  clusterIdZnode,
  configEntityZnode,
  controllerZnode,
  type LeaderAndIsr,
  partitionStateZnode,
  type TopicAssignment,
  topicsZnode,
  topicZnode,
} from '../broker/zk/index.ts'
import { type DataTree, readTree } from '../zookeeper/index.ts'
import { OfflineError } from './sources.ts'

/** What the znodes say of the cluster, as they were written last. */
export class ClusterState {
  private readonly tree: DataTree
  /** Kafka's chroot: `` or `/kafka`. */
  private readonly root: string

  constructor(tree: DataTree, root: string) {
    this.tree = tree
    this.root = root
  }

  get clusterId(): string | undefined {
    const bytes = this.data(clusterIdZnode.path)
    return bytes === undefined ? undefined : clusterIdZnode.decode(bytes)
  }

  get controllerId(): number | undefined {
    const bytes = this.data(controllerZnode.path)
    return bytes === undefined ? undefined : controllerZnode.decode(bytes)
  }

  topics(): string[] {
    return this.children(topicsZnode.path)
  }

  assignment(topic: string): TopicAssignment {
    return topicZnode.decode(topic, this.data(topicZnode.path(topic)) ?? null)
  }

  /** Undefined for a partition that never had a leader. */
  partition(topic: string, partition: number): LeaderAndIsr | undefined {
    const node = this.tree.get(this.root + partitionStateZnode.path(topic, partition))
    if (node === undefined) return undefined
    return partitionStateZnode.decode(topic, partition, node.data, node.stat.version)?.leaderAndIsr
  }

  /** Brokers that were registered when the last transaction was written. */
  brokers(): BrokerInfo[] {
    return this.children(brokerIdsZnode.path)
      .map(Number)
      .map((id) => brokerIdZnode.decode(id, this.data(brokerIdZnode.path(id)) ?? null))
  }

  /** Settings of a topic or a broker (`<default>`: of all brokers) that are kept in znodes. */
  config(type: ConfigEntityType, name: string): ReadonlyMap<string, string> {
    const path = configEntityZnode.path(type, name)
    const bytes = this.data(path)
    return bytes === undefined ? new Map() : configEntityZnode.decode(path, bytes)
  }

  private data(path: string): Buffer | undefined {
    return this.tree.get(this.root + path)?.data ?? undefined
  }

  private children(path: string): string[] {
    return [...(this.tree.get(this.root + path)?.children ?? [])].sort()
  }
}

/**
 * Reads ZooKeeper's snapshots and transaction logs without a server. Two directories are a dataDir and its dataLogDir.
 * `clusterId` tells several clusters in one ZooKeeper apart, and is compared.
 */
export function readClusterState(
  fs: FileSystem,
  dirs: readonly string[],
  clusterId: string | undefined,
  logger: Logger,
): ClusterState {
  const snapshotDir = dirs.find((dir) => has(fs, dir, 'snapshot.')) ?? dirs[0] ?? ''
  const logDir = dirs.find((dir) => has(fs, dir, 'log.')) ?? snapshotDir
  const tree = readTree(fs, { snapshotDir, logDir }, logger)
  const states = rootsOf(tree).map((root) => new ClusterState(tree, root))
  const found = states.find((state) => clusterId !== undefined && state.clusterId === clusterId)
  if (found !== undefined) return found
  const [first] = states
  if (first === undefined) {
    throw new OfflineError(
      `the znodes in ${snapshotDir} are not those of a Kafka cluster`,
      'Name the dataDir of the ZooKeeper that the brokers used, or leave it out.',
    )
  }
  if (clusterId !== undefined && first.clusterId !== undefined) {
    throw new OfflineError(
      `the znodes in ${snapshotDir} are those of cluster ${first.clusterId}, the logs belong to ${clusterId}`,
      'Name the dataDir of the ZooKeeper that these brokers used, or leave it out.',
    )
  }
  return first
}

function has(fs: FileSystem, dir: string, prefix: string): boolean {
  return fs.readdirSync(`${dir}/version-2`).some((name) => name.startsWith(prefix))
}

/** Where clusters keep their znodes, chroots included; the root first. */
function rootsOf(tree: DataTree): string[] {
  const { path } = topicsZnode
  const roots: string[] = []
  for (const node of tree.paths()) if (node.endsWith(path)) roots.push(node.slice(0, -path.length))
  return roots.sort()
}
