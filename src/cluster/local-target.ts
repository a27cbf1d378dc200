import type { FileLock } from '../base/file-lock.ts'
import type { Address } from '../base/network.ts'
import type { ClientOptions } from '../client/index.ts'
import { DataDirectory, DataDirectoryError, type ServerInfo } from './data-directory.ts'
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
  /** Stops the cluster if this process runs it. */
  close(): Promise<void>
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
  options: { clientId?: string; requestTimeoutMs?: number } = {},
): LocalTarget {
  const directory = new DataDirectory(ports.fs, dataDir)
  const network = new LocalNetwork({
    network: ports.network,
    clock: ports.clock,
    directory,
    patienceMs: PATIENCE_MS,
    tryHost: () => hostDirectory({ ports, directory }, 'command'),
  })
  const brokerCount = directory.exists() ? directory.brokerCount : 1
  const bootstrap: Address[] = Array.from({ length: brokerCount }, (_, id) => pipeAddress(id))
  return {
    directory,
    clientOptions: {
      ...options,
      bootstrap,
      network,
      clock: ports.clock,
      random: ports.random,
      logger: ports.logger,
      resolver: localResolver,
    },
    get isHost() {
      return network.isHost
    },
    close: () => network.close(),
  }
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
  directory.prepare(options.brokerCount)
  const lock = lockDirectory(ports, directory)
  if (lock === null) return undefined
  try {
    const cluster = await EmbeddedCluster.start(options)
    directory.writeServerInfo({
      pid: process.pid,
      kind,
      addresses: cluster.tcpAddresses,
      startedMs: ports.clock.nowMs(),
    })
    const shutdown = async () => {
      try {
        await cluster.shutdown()
        directory.removeServerInfo()
      } finally {
        lock.release()
      }
    }
    return { cluster, shutdown }
  } catch (error) {
    lock.release()
    throw error
  }
}

function lockDirectory(ports: ClusterPorts, directory: DataDirectory): FileLock | null {
  try {
    return ports.locks.tryLock(directory.lockFile)
  } catch (error) {
    throw new DataDirectoryError(`cannot lock the data directory ${directory.path}`, {
      hint: 'Check that you may write to it.',
      cause: error,
    })
  }
}
