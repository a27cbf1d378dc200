import { KcliError, messageOf, systemErrorCode } from '../base/errors.ts'
import type { FileLock } from '../base/file-lock.ts'
import type { Address } from '../base/network.ts'
import type { ClientOptions } from '../client/index.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import { cannotRun, DataDirectory, DataDirectoryError, reasonOf, type ServerInfo } from './data-directory.ts'
import { EmbeddedCluster, type EmbeddedClusterOptions } from './embedded-cluster.ts'
import { localResolver, pipeAddress } from './local-address.ts'
import { type Host, LocalNetwork } from './local-network.ts'
import type { ClusterPorts } from './ports.ts'

/** A data directory as a client sees it, whoever runs the cluster. */
export interface LocalTarget {
  readonly directory: DataDirectory
  readonly clientOptions: ClientOptions
  /** Whether this process runs the cluster at the moment. */
  readonly isHost: boolean
  /** That cluster. */
  readonly cluster: EmbeddedCluster | undefined
  /** Stops the cluster if this process runs it. */
  close(): Promise<void>
}

export interface LocalTargetOptions {
  readonly clientId?: string
  readonly requestTimeoutMs?: number
  /** How long to look for somebody who serves the directory. */
  readonly patienceMs?: number
  /** While this process starts the cluster after it was killed. */
  readonly onRecovery?: (progress: RecoveryProgress) => void
  /** While this process runs the cluster: a log directory cannot be used. */
  readonly onLogDirOffline?: (message: string) => void
}

/** A recovery of a large directory may take this long before its brokers answer. */
const PATIENCE_MS = 120_000

/**
 * Opens a data directory for a client. Nothing is started before the first connection; then the process that already
 * serves the directory is used, or this one serves it until `close`.
 */
export function openLocalTarget(
  ports: ClusterPorts,
  dataDir: string,
  options: LocalTargetOptions = {},
): LocalTarget {
  const { patienceMs, onRecovery, onLogDirOffline, ...clientOptions } = options
  const directory = new DataDirectory(ports.fs, dataDir)
  let hosted: HostedCluster | undefined
  const network = new LocalNetwork({
    network: ports.network,
    clock: ports.clock,
    directory,
    patienceMs: patienceMs ?? PATIENCE_MS,
    tryHost: async () => {
      hosted = await hostDirectory({ ports, directory, onRecovery, onLogDirOffline }, 'command')
      return hosted
    },
  })
  const brokers = directory.exists() ? directory.brokers : [{ id: 0 }]
  const bootstrap: Address[] = brokers.map(({ id }) => pipeAddress(id, directory.path))
  return {
    directory,
    clientOptions: {
      ...clientOptions,
      bootstrap,
      network,
      clock: ports.clock,
      random: ports.random,
      logger: ports.logger,
      resolver: localResolver(directory.path),
    },
    get isHost() {
      return network.isHost
    },
    get cluster() {
      return network.isHost ? hosted?.cluster : undefined
    },
    close: () => network.close(),
  }
}

/** Whether some process holds the directory at the moment. Throws when it cannot be found out. */
export function isServed(ports: ClusterPorts, directory: DataDirectory): boolean {
  if (!directory.exists()) return false
  const lock = lockDirectory(ports, directory)
  lock?.release()
  return lock === null
}

/** A cluster that this process runs, with the directory's lock. */
export interface HostedCluster extends Host {
  readonly cluster: EmbeddedCluster
}

/** Runs the cluster of a directory in this process; undefined when another process does. */
export async function hostDirectory(
  options: EmbeddedClusterOptions,
  kind: ServerInfo['kind'],
): Promise<HostedCluster | undefined> {
  const { directory, ports } = options
  directory.prepare(options.brokerCount, options.firstBrokerId)
  const lock = lockDirectory(ports, directory)
  if (lock === null) return undefined
  // Whoever wrote it is gone: its process id may be somebody else's by now.
  directory.removeServerInfo()
  let failed: (error: KcliError) => void = () => undefined
  const failure = new Promise<KcliError>((resolve) => {
    failed = resolve
  })
  try {
    const cluster = await EmbeddedCluster.start({
      ...options,
      onFailure: failed,
      isBreakable: kind === 'server',
    })
    directory.writeServerInfo({
      pid: process.pid,
      kind,
      addresses: cluster.tcpAddresses,
      startedMs: ports.clock.nowMs(),
    })
    const control = await openControl(ports, directory, cluster)
    const shutdown = async () => {
      try {
        await control?.close()
        await cluster.shutdown()
        directory.removeServerInfo()
      } finally {
        lock.release()
      }
    }
    return { cluster, failure, shutdown, serveZooKeeper: () => cluster.serveZooKeeper() }
  } catch (error) {
    lock.release()
    throw asDirectoryError(directory, error)
  }
}

/** Where other processes say what is to become of the brokers. */
async function openControl(ports: ClusterPorts, directory: DataDirectory, { faults }: EmbeddedCluster) {
  if (faults === undefined) return undefined
  try {
    const { ControlServer } = await import('./control/server.ts')
    return await ControlServer.open(ports.network, directory, faults)
  } catch (error) {
    // The cluster itself is well.
    ports.logger.warn(`nobody can say what is to become of single brokers: ${messageOf(error)}`)
    return undefined
  }
}

/**
 * The system's error behind what a start threw, if that is all there is to say: the coordination service can only tell the
 * brokers that it is gone.
 */
function asDirectoryError(directory: DataDirectory, error: unknown): unknown {
  const isBare = !(error instanceof KcliError)
  if (isBare) return systemErrorCode(error) === undefined ? error : cannotRun(directory, error)
  const isLoss = error.code === 'KCLI_ZOOKEEPER_CONNECTIONLOSS'
  return isLoss && systemErrorCode(error.cause) !== undefined ? cannotRun(directory, error.cause) : error
}

function lockDirectory(ports: ClusterPorts, directory: DataDirectory): FileLock | null {
  try {
    return ports.locks.tryLock(directory.lockFile)
  } catch (error) {
    throw new DataDirectoryError(`cannot lock the data directory ${directory.path}: ${reasonOf(error)}`, {
      hint: 'Check that you may write to it.',
      cause: error,
    })
  }
}
