import type { Clock } from '../base/clock.ts'
import { messageOf, systemErrorCode } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { ClientOptions, TopicPartition } from '../client/index.ts'
import { ZooKeeperDataError } from '../zookeeper/index.ts'
import { Catalog } from './catalog.ts'
import { type ClusterState, readClusterState } from './cluster-state.ts'
import { ReadOnlyFiles } from './read-only-files.ts'
import { OfflineServer } from './server.ts'
import { findSources, type Sources } from './sources.ts'

export interface OfflinePorts {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  /** Problems that the user has to know of: damage, directories that are left out. */
  readonly logger: Logger
}

/** Directories of brokers as a client sees them, with no process behind them. Nothing is ever written. */
export interface OfflineTarget {
  /** For a consumer or an admin. */
  readonly clientOptions: Pick<ClientOptions, 'bootstrap' | 'network' | 'clock' | 'random' | 'resolver'>
  /** Whether ZooKeeper's files are there: assignments, leaders, in-sync replicas and settings are only known from them. */
  readonly hasClusterState: boolean
  /** Of the process that serves the directory, if it is a kcli data directory and says so. */
  readonly serverPid: number | undefined
  /** How much could not be read: damaged places, and partitions that are not on disk. */
  readonly failures: number
  hasTopic(topic: string): boolean
  /** The leader that the znodes have; undefined when they are not there or name none. */
  leaderOf(topic: string, partition: number): number | undefined
  /** Those that are on disk. The others are told of, and count as failures. */
  readable<T extends TopicPartition>(partitions: readonly T[]): T[]
  close(): Promise<void>
}

/**
 * Opens a kcli data directory, or log directories of Apache Kafka with or without ZooKeeper's dataDir, several with commas
 * between. Throws an OfflineError when there is nothing of the kind. Logs are opened when something is asked of them.
 */
export function openOffline(ports: OfflinePorts, dataDir: string): OfflineTarget {
  const { clock, random, logger } = ports
  const fs = new ReadOnlyFiles(ports.fs)
  const sources = findSources(fs, dataDir, logger)
  const state = stateOf(fs, sources, logger)
  const catalog = new Catalog({ fs, sources, state, logger })
  const server = new OfflineServer({
    catalog,
    clock,
    logger,
    label: `the files in ${dataDir} (--offline only reads)`,
  })
  const missing = new Set<string>()
  const noteMissing = (name: string, replicas: readonly number[] | undefined) => {
    if (missing.has(name)) return
    missing.add(name)
    const owners = replicas === undefined ? '' : `; broker ${replicas.join(' or ')} has it`
    logger.warn(`${name} is left out: it is in none of the directories${owners}`)
  }
  return {
    clientOptions: {
      bootstrap: server.bootstrap,
      network: server,
      clock,
      random,
      resolver: (host, port) => server.resolve(host, port),
    },
    hasClusterState: state !== undefined,
    serverPid: sources.serverPid,
    get failures() {
      return catalog.damageCount + missing.size
    },
    hasTopic: (topic) => catalog.topics.has(topic),
    leaderOf(topic, partition) {
      const leader = catalog.partition(topic, partition)?.state?.leader ?? -1
      return leader < 0 ? undefined : leader
    },
    readable: (partitions) =>
      partitions.filter(({ topic, partition }) => {
        const found = catalog.partition(topic, partition)
        if (found !== undefined && found.dirs.length > 0) return true
        noteMissing(`${topic}-${partition}`, found?.replicas)
        return false
      }),
    close: () => catalog.close(),
  }
}

/** A ZooKeeper that runs may remove old files between a look at the directory and the reading. */
const MAX_TRIES = 3

/** Znodes that are damaged are done without: the logs say most of it. */
function stateOf(fs: FileSystem, sources: Sources, logger: Logger, tries = 1): ClusterState | undefined {
  if (sources.zookeeperDirs.length === 0) return undefined
  const clusterId = sources.logDirs.find((dir) => dir.clusterId !== undefined)?.clusterId
  try {
    return readClusterState(fs, sources.zookeeperDirs, clusterId, logger)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' && tries < MAX_TRIES) {
      return stateOf(fs, sources, logger, tries + 1)
    }
    if (!(error instanceof ZooKeeperDataError)) throw error
    logger.warn(`${messageOf(error)}: going on without the znodes`)
    return undefined
  }
}
