import path from 'node:path'
import type { BrokerPlace } from '../../base/broker-layout.ts'
import { copyTree, sizeOfTree } from '../../base/copy-tree.ts'
import { KcliError } from '../../base/errors.ts'
import { clusterIdZnode, type TopicAssignment, topicZnode } from '../../broker/index.ts'
import { type MetaProperties, readMetaProperties } from '../../storage/index.ts'
import { type DataTree, readTree } from '../../zookeeper/index.ts'
import { type DataDirectory, DataDirectoryError, reasonOf } from '../data-directory.ts'
import type { ClusterPorts } from '../ports.ts'

export interface ImportOptions {
  readonly ports: ClusterPorts
  /** New, or empty. */
  readonly directory: DataDirectory
  /** Kafka's `log.dirs`, those of one broker or of several. */
  readonly logDirs: readonly string[]
  /** ZooKeeper's `dataDir`. */
  readonly zookeeperDir: string
  /** Its `dataLogDir`, when that is another one. */
  readonly zookeeperLogDir?: string | undefined
  /** The log directories stay where they are and kcli works on them; otherwise it gets copies. */
  readonly inPlace: boolean
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void
  readonly signal?: AbortSignal
}

export interface ImportReport {
  readonly clusterId: string
  readonly brokers: readonly BrokerPlace[]
  readonly topics: number
  readonly partitions: number
  readonly copiedBytes: number
  /** Brokers that partitions are assigned to and that were not imported. */
  readonly missingBrokers: readonly number[]
  /** Partitions that have no replica on an imported broker: they stay without a leader. */
  readonly lostPartitions: number
  /** There are rules on who may do what, which brokers here do not know. */
  readonly hasAcls: boolean
}

/** `/kafka-acl/TYPE/NAME` and `/kafka-acl-extended/prefixed/TYPE/NAME` (kafka.zk.ZkAclStore). */
const ACL_NODE = /^\/kafka-acl(-extended\/[^/]+)?\/[^/]+\/./

/** Lock files say who runs on a directory, and nobody runs on a copy. */
const NOT_COPIED: ReadonlySet<string> = new Set(['.lock', '.lock.owner'])

/**
 * Makes a data directory of what an Apache Kafka cluster in ZooKeeper mode has left: the log directories of its brokers and
 * the data directory of its ZooKeeper. The coordination data is always copied, so that a ZooKeeper that still runs
 * is not disturbed. Nothing that was there is changed; of a failed import nothing stays. Throws
 * {@link DataDirectoryError} when the pieces do not belong together.
 */
export async function importDirectory(options: ImportOptions): Promise<ImportReport> {
  const { ports, directory } = options
  const logDirs = new Set(options.logDirs.map((logDir) => path.resolve(logDir)))
  const sources = [...logDirs].map((logDir) => readSource(options, logDir))
  const zookeeper = zookeeperDirs(options)
  const tree = readCoordination(ports, zookeeper)
  const clusterId = checkBelongTogether(tree, sources, zookeeper.snapshotDir)
  const assignments = assignmentsIn(tree)
  directory.requireEmpty()
  const places = placesFor(directory, sources, options.inPlace)
  const copiedBytes = await copyAll(options, zookeeper, places)
  const brokers = [...places.values()]
  directory.writeLayout(brokers.map(({ id, logDirs }) => ({ id, logDirs: logDirs.map(({ to }) => to) })))
  return {
    clusterId,
    brokers: directory.brokers,
    topics: assignments.size,
    ...coverage(assignments, new Set(places.keys())),
    copiedBytes,
    hasAcls: [...tree.paths()].some((each) => ACL_NODE.test(each)),
  }
}

interface Source {
  readonly path: string
  readonly brokerId: number
  readonly meta: MetaProperties
}

function readSource({ ports }: ImportOptions, logDir: string): Source {
  const meta = read(ports, logDir)
  if (meta === null || meta.brokerId === null) {
    throw new DataDirectoryError(`${logDir} is no log directory of Apache Kafka`, {
      hint: 'Name the folders of log.dirs in server.properties: there is a meta.properties with a broker.id in each.',
    })
  }
  if (isInUse(ports, path.join(logDir, '.lock'))) {
    throw new DataDirectoryError(`${logDir} is in use by a broker`, {
      hint: 'Stop it first: files that change while they are copied make no whole.',
    })
  }
  return { path: logDir, brokerId: meta.brokerId, meta }
}

function read(ports: ClusterPorts, logDir: string): MetaProperties | null {
  try {
    return readMetaProperties(ports.fs, logDir)
  } catch (error) {
    if (error instanceof KcliError) throw error
    throw new DataDirectoryError(`cannot read ${logDir}: ${reasonOf(error)}`, { cause: error })
  }
}

function isInUse(ports: ClusterPorts, lockFile: string): boolean {
  try {
    return ports.locks.isHeld(lockFile)
  } catch (error) {
    throw new DataDirectoryError(`cannot look at ${lockFile}: ${reasonOf(error)}`, { cause: error })
  }
}

interface ZooKeeperDirs {
  readonly snapshotDir: string
  readonly logDir: string
}

function zookeeperDirs({ ports, zookeeperDir, zookeeperLogDir }: ImportOptions): ZooKeeperDirs {
  const find = (given: string) => {
    const whole = path.resolve(given)
    const dir = path.basename(whole) === 'version-2' ? path.dirname(whole) : whole
    if (ports.fs.existsSync(path.join(dir, 'version-2'))) return dir
    throw new DataDirectoryError(`${whole} is no data directory of ZooKeeper`, {
      hint: 'Name the folder of dataDir in zookeeper.properties: there is a folder version-2 in it.',
    })
  }
  const snapshotDir = find(zookeeperDir)
  return { snapshotDir, logDir: zookeeperLogDir === undefined ? snapshotDir : find(zookeeperLogDir) }
}

function readCoordination({ fs, logger }: ClusterPorts, dirs: ZooKeeperDirs): DataTree {
  try {
    return readTree(fs, dirs, logger)
  } catch (error) {
    if (error instanceof KcliError) throw error
    throw new DataDirectoryError(`cannot read ${dirs.snapshotDir}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Gives the cluster's id. */
function checkBelongTogether(tree: DataTree, sources: readonly Source[], zookeeperDir: string): string {
  const node = tree.get(clusterIdZnode.path)
  if (node === undefined) throw noClusterHere(tree, zookeeperDir)
  // In ZooKeeper mode it is ephemeral: a controller of KRaft has put it there to stay.
  const controller = tree.get('/controller')
  if (controller !== undefined && controller.stat.ephemeralOwner === 0n) {
    throw new DataDirectoryError(`the cluster of ${zookeeperDir} is being migrated to KRaft`, {
      hint: 'Roll the migration back first: kcli takes over clusters in ZooKeeper mode.',
    })
  }
  const clusterId = clusterIdZnode.decode(node.data)
  for (const { path: logDir, meta } of sources) {
    if (meta.clusterId === null || meta.clusterId === clusterId) continue
    throw new DataDirectoryError(
      `${logDir} belongs to the cluster ${meta.clusterId}, and ${zookeeperDir} to ${clusterId}`,
      { hint: 'Name the folders of one cluster.' },
    )
  }
  return clusterId
}

function noClusterHere(tree: DataTree, zookeeperDir: string): DataDirectoryError {
  const below = [...tree.paths()].find((each) => each.endsWith(clusterIdZnode.path))
  const chroot = below?.slice(0, -clusterIdZnode.path.length)
  return chroot === undefined
    ? new DataDirectoryError(`${zookeeperDir} holds no Kafka cluster: there is no znode /cluster/id`, {
        hint: 'Name the dataDir of the ZooKeeper that the brokers used.',
      })
    : new DataDirectoryError(`the cluster of ${zookeeperDir} is below the chroot ${chroot}`, {
        hint: 'A cluster below a chroot (zookeeper.connect=HOST:PORT/PATH) cannot be imported yet.',
      })
}

function assignmentsIn(tree: DataTree): ReadonlyMap<string, TopicAssignment> {
  const topics = [...(tree.get('/brokers/topics')?.children ?? [])]
  return new Map(
    topics.map((topic) => [topic, topicZnode.decode(topic, tree.get(topicZnode.path(topic))?.data ?? null)]),
  )
}

function coverage(assignments: ReadonlyMap<string, TopicAssignment>, brokers: ReadonlySet<number>) {
  const missing = new Set<number>()
  let partitions = 0
  let lostPartitions = 0
  for (const assignment of assignments.values()) {
    for (const { replicas } of assignment.partitions.values()) {
      partitions++
      if (!replicas.some((id) => brokers.has(id))) lostPartitions++
      for (const id of replicas) if (!brokers.has(id)) missing.add(id)
    }
  }
  return { partitions, lostPartitions, missingBrokers: [...missing].sort((a, b) => a - b) }
}

interface Place {
  readonly id: number
  readonly logDirs: { readonly from: string; readonly to: string }[]
}

/** The first folder of a broker becomes `broker-ID`, the others `broker-ID-2` and so on. */
function placesFor(
  directory: DataDirectory,
  sources: readonly Source[],
  inPlace: boolean,
): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>()
  for (const { path: from, brokerId } of sources) {
    const place = places.get(brokerId) ?? { id: brokerId, logDirs: [] }
    places.set(brokerId, place)
    const folder = directory.brokerDir(brokerId)
    const copy = place.logDirs.length === 0 ? folder : `${folder}-${place.logDirs.length + 1}`
    place.logDirs.push({ from, to: inPlace ? from : copy })
  }
  return places
}

async function copyAll(
  { ports, directory, onProgress, signal }: ImportOptions,
  zookeeper: ZooKeeperDirs,
  places: ReadonlyMap<number, Place>,
): Promise<number> {
  const { fs } = ports
  const logDirs = [...places.values()].flatMap((place) => place.logDirs).filter(({ from, to }) => from !== to)
  // Snapshots before logs: should ZooKeeper still run, what follows a snapshot is in the logs.
  const files = [
    ...filesOf(ports, zookeeper.snapshotDir, 'snapshot.'),
    ...filesOf(ports, zookeeper.logDir, 'log.'),
  ]
  const version2 = path.join(directory.zookeeperDir, 'version-2')
  const pieces = [
    ...files.map((from) => ({ from, to: path.join(version2, path.basename(from)) })),
    ...logDirs,
  ]
  const totalBytes = pieces.reduce((sum, { from }) => sum + sizeOfTree(fs, from), 0)
  let doneBytes = 0
  const onBytes = (count: number) => {
    doneBytes += count
    onProgress?.(doneBytes, totalBytes)
  }
  try {
    fs.mkdirSync(version2)
    for (const { from, to } of pieces)
      await copyTree(fs, from, to, { except: NOT_COPIED, onBytes, ...(signal && { signal }) })
    await fs.syncDirectory(version2)
    return doneBytes
  } catch (error) {
    fs.removeSync(directory.zookeeperDir)
    for (const { to } of logDirs) fs.removeSync(to)
    if (signal?.aborted === true || error instanceof KcliError) throw error
    throw new DataDirectoryError(`cannot copy into ${directory.path}: ${reasonOf(error)}`, { cause: error })
  }
}

function filesOf({ fs }: ClusterPorts, dir: string, prefix: string): string[] {
  const version2 = path.join(dir, 'version-2')
  return fs
    .readdirSync(version2)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(version2, name))
}
