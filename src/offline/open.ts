import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { ClientOptions } from '../client/index.ts'
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

/** What the files know of a partition beside what a broker would tell. */
export interface RecordedPartition {
  /** As the znodes had it last; undefined when they are not there or say nothing. */
  readonly leader: number | undefined
  readonly isOnDisk: boolean
}

/** Directories of brokers as a client sees them, with no process behind them. Nothing is ever written. */
export interface OfflineTarget {
  /** For a consumer or an admin. */
  readonly clientOptions: Pick<ClientOptions, 'bootstrap' | 'network' | 'clock' | 'random' | 'resolver'>
  /** Whether ZooKeeper's files are there: assignments, leaders, in-sync replicas and settings are only known from them. */
  readonly hasClusterState: boolean
  /** Of the process that serves the directory, if it is a kcli data directory and says so. */
  readonly serverPid: number | undefined
  /** How often something could not be read. */
  readonly damages: number
  partition(topic: string, partition: number): RecordedPartition
  close(): Promise<void>
}

/**
 * Opens a kcli data directory, or log directories of Apache Kafka with or without ZooKeeper's dataDir, several with commas
 * between. Throws an OfflineError when there is nothing of the kind. Logs are opened when something is asked of them.
 */
export function openOffline(ports: OfflinePorts, dataDir: string): OfflineTarget {
  const { clock, random, logger } = ports
  const fs = new ReadOnlyFiles(ports.fs)
  const sources = findSources(fs, dataDir)
  const state = stateOf(fs, sources, logger)
  const catalog = new Catalog({ fs, sources, state, logger })
  const server = new OfflineServer({
    catalog,
    clock,
    logger,
    label: `the files in ${dataDir} (--offline only reads)`,
  })
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
    get damages() {
      return catalog.damages
    },
    partition(topic, partition) {
      const found = catalog.partition(topic, partition)
      return { leader: found?.state?.leader, isOnDisk: (found?.dirs.length ?? 0) > 0 }
    },
    close: () => catalog.close(),
  }
}

/** Znodes that are damaged are done without: the logs say most of it. */
function stateOf(fs: FileSystem, sources: Sources, logger: Logger): ClusterState | undefined {
  if (sources.zookeeperDirs.length === 0) return undefined
  const clusterId = sources.logDirs.find((dir) => dir.clusterId !== undefined)?.clusterId
  try {
    return readClusterState(fs, sources.zookeeperDirs, clusterId, logger)
  } catch (error) {
    if (!(error instanceof ZooKeeperDataError)) throw error
    logger.warn(`${messageOf(error)}: going on without the znodes`)
    return undefined
  }
}
