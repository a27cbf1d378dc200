import path from 'node:path'
import { sleep } from '../../../base/clock.ts'
import { KcliError } from '../../../base/errors.ts'
import { type Address, formatAddress } from '../../../base/network.ts'
import {
  type ClusterPorts,
  DataDirectory,
  type HostedCluster,
  hostDirectory,
  type ServerInfo,
  systemPorts,
  type TcpListening,
} from '../../../cluster/index.ts'
import type { RecoveryProgress } from '../../../storage/index.ts'
import { parseConnectString } from '../../../zookeeper/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { serverLogger } from '../../server-logger.ts'
import { chooseDataDir } from '../../target.ts'
import { serverExitCode, untilAborted } from '../../until-aborted.ts'

export interface StartClusterOptions {
  /** As many as the directory has when undefined. */
  readonly brokers: number | undefined
  readonly tcp: TcpListening
  /** Of the first broker of a new directory. */
  readonly firstBrokerId?: number | undefined
  /** Where the znodes are, if not in the directory: `HOST:PORT,HOST:PORT/PATH`. */
  readonly zookeeper?: string | undefined
  /** Where ZooKeeper clients reach the cluster's own coordination service. */
  readonly zookeeperListen?: Address | undefined
  readonly properties: ReadonlyMap<string, string>
  readonly verbose: boolean
}

/** A command that runs the cluster inside itself ends soon; a server does not. */
const HANDOVER_MS = 15_000

/**
 * Serves a data directory until a signal comes. Says so in one line on stdout when every broker answers; stops cleanly, so
 * that the next start has nothing to repair.
 */
export async function startCluster(
  context: CommandContext,
  options: StartClusterOptions,
): Promise<number | undefined> {
  const ports = systemPorts({ logger: serverLogger(context, options.verbose) })
  const directory = new DataDirectory(ports.fs, localDirectory(context))
  const hosted = await takeOver(context, ports, directory, options)
  if (hosted === undefined) return undefined
  let failure: Error | undefined
  try {
    const addresses = hosted.cluster.tcpAddresses
    const count = hosted.cluster.brokers.length
    const brokers = count === 1 ? '1 broker' : `${count} brokers`
    const zookeeper = options.zookeeper ?? addressText(hosted.cluster.zookeeperAddress)
    await context.out.object(
      {
        state: 'ready',
        addresses,
        brokers: count,
        ...(zookeeper !== undefined && { zookeeper }),
        dataDir: directory.path,
        pid: process.pid,
      },
      () => {
        const znodes = zookeeper === undefined ? '' : `, ZooKeeper at ${zookeeper}`
        return `Ready: ${addresses.join(',')} (${brokers}${znodes}, data in ${directory.path}, pid ${process.pid})\n`
      },
      () => [addresses.join(',')],
    )
    failure = await Promise.race([hosted.failure, untilAborted(context.signal)])
  } finally {
    const stopped = hosted.shutdown()
    // What goes wrong while a cluster stops that could not go on only hides why.
    await (failure === undefined ? stopped : stopped.catch(() => undefined))
  }
  if (failure !== undefined) throw failure
  return serverExitCode(context.signal)
}

function describeServer({ pid, addresses }: ServerInfo): string {
  return addresses.length === 0 ? `process ${pid}` : `process ${pid} on ${addresses.join(',')}`
}

/** Where a server has its files; variables that name brokers are for clients. */
export function localDirectory({ flags }: CommandContext): string {
  if (flags['bootstrap-server'] !== undefined) {
    throw new UsageError(
      'this command works on a data directory, not on --bootstrap-server',
      'Name the folder with --data-dir.',
    )
  }
  const { dataDir, from } = chooseDataDir(flags, process.env)
  const { activeProfile } = flags
  if (from === 'default' && activeProfile?.bootstrapServer !== undefined) {
    throw new UsageError(
      `this command works on a data directory, and profile '${activeProfile.name}' names brokers`,
      'Name the folder with --data-dir, or use no profile with -P none.',
    )
  }
  return path.resolve(dataDir)
}

/** Serves the directory in this process. Waits for a command that has it at the moment; undefined when the user gave up. */
export async function takeOver(
  context: CommandContext,
  ports: ClusterPorts,
  directory: DataDirectory,
  options: StartClusterOptions,
): Promise<HostedCluster | undefined> {
  const { clock, signal } = context
  const deadlineMs = clock.monotonicMs() + HANDOVER_MS
  const start = {
    ports,
    directory,
    tcp: options.tcp,
    properties: Object.fromEntries(options.properties),
    ...(options.brokers !== undefined && { brokerCount: options.brokers }),
    ...(options.firstBrokerId !== undefined && { firstBrokerId: options.firstBrokerId }),
    ...(options.zookeeper !== undefined && {
      zookeeper: remoteZooKeeper(options.zookeeper, options.properties),
    }),
    ...(options.zookeeperListen !== undefined && { zookeeperListen: options.zookeeperListen }),
    onRecovery: (progress: RecoveryProgress) => context.onRecovery(progress),
  }
  while (!signal.aborted) {
    const hosted = await hostDirectory(start, 'server')
    if (hosted !== undefined) return hosted
    const other = directory.readServerInfo()
    if (other?.kind === 'server' || clock.monotonicMs() > deadlineMs) {
      const who = other === undefined ? 'another process' : describeServer(other)
      throw new KcliError('KCLI_DATA_DIR_IN_USE', `${directory.path} is served by ${who} already`, {
        hint: 'Use that one, stop it with: kcli cluster stop, or name another folder with --data-dir.',
      })
    }
    await sleep(clock, 50)
  }
  return undefined
}

function addressText(address: Address | undefined): string | undefined {
  return address === undefined ? undefined : formatAddress(address)
}

/** Kafka's default for both: zookeeper.session.timeout.ms, and zookeeper.connection.timeout.ms falls back to it. */
const SESSION_TIMEOUT_MS = 18_000

function remoteZooKeeper(text: string, properties: ReadonlyMap<string, string>) {
  const sessionTimeoutMs = Number(properties.get('zookeeper.session.timeout.ms') ?? SESSION_TIMEOUT_MS)
  const connectTimeoutMs = Number(properties.get('zookeeper.connection.timeout.ms') ?? sessionTimeoutMs)
  return { servers: parseConnectString(text), sessionTimeoutMs, connectTimeoutMs }
}
