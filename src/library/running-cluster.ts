import { ConfigError } from '../base/config-def.ts'
import { KcliError } from '../base/errors.ts'
import { FileLocks } from '../base/file-lock.ts'
import { lazy } from '../base/load-native.ts'
import type { Logger } from '../base/logger.ts'
import type { ClusterPorts, EmbeddedCluster, TcpListening } from '../cluster/index.ts'
import type { StartClusterOptions } from './cluster.ts'
import type { ClientPorts } from './connection.ts'

const LOOPBACK = '127.0.0.1'

/** Clusters of this process that might be started on one directory keep each other out. */
const locks = lazy(() => new FileLocks())

/** The brokers, and how clients in this process reach them. */
export interface RunningCluster {
  readonly cluster: EmbeddedCluster
  readonly clientPorts: ClientPorts
  readonly shutdown: () => Promise<void>
}

/** Rejects with a KcliError, and then nothing is left running. */
export async function run(options: StartClusterOptions): Promise<RunningCluster> {
  const { directory } = options
  check(options)
  return directory === undefined ? startInMemory(options) : host(options, directory)
}

/** What the cluster decides itself: another value would be passed over in silence. */
const OWN_CONFIGURATIONS = [
  'advertised.listeners',
  'broker.id',
  'inter.broker.listener.name',
  'listeners',
  'log.dir',
  'log.dirs',
  'zookeeper.connect',
]

function check({ brokers, config = {} }: StartClusterOptions): void {
  if (brokers !== undefined && !(Number.isSafeInteger(brokers) && brokers > 0))
    throw new ConfigError(`brokers is ${brokers}`, { hint: 'It is how many there are to be, at least 1.' })
  const own = OWN_CONFIGURATIONS.find((name) => Object.hasOwn(config, name))
  if (own === undefined) return
  throw new ConfigError(`${own} is for the cluster itself to decide`, {
    hint: 'Leave it out; see the options brokers, directory and listen.',
  })
}

async function startInMemory(options: StartClusterOptions): Promise<RunningCluster> {
  const { startMemoryCluster } = await import('../cluster/index.ts')
  const { cluster, ports } = await startMemoryCluster({
    ...brokerOptions(options),
    ...(options.logger && { ports: { logger: options.logger } }),
    isBreakable: true,
    onFailure: options.onFailure ?? warn,
  })
  return { cluster, clientPorts: await portsOf(cluster, ports), shutdown: () => cluster.shutdown() }
}

async function host(options: StartClusterOptions, directoryPath: string): Promise<RunningCluster> {
  const { DataDirectory, hostDirectory } = await import('../cluster/index.ts')
  const ports = await diskPorts(options.logger)
  const directory = new DataDirectory(ports.fs, directoryPath)
  const hosted = await hostDirectory({ ports, directory, ...brokerOptions(options) }, 'server')
  if (hosted === undefined) {
    throw new KcliError('KCLI_DATA_DIR', `a cluster runs on ${directory.path} already`, {
      hint: 'Use it with openCluster, close it first, or name another directory.',
    })
  }
  void hosted.failure.then(options.onFailure ?? warn)
  return {
    cluster: hosted.cluster,
    clientPorts: await portsOf(hosted.cluster, ports),
    shutdown: hosted.shutdown,
  }
}

/** Those that clusters of this process share when they are on disk. */
export async function diskPorts(logger: Logger | undefined): Promise<ClusterPorts> {
  const { systemPorts } = await import('../cluster/index.ts')
  return systemPorts({ locks: locks(), ...(logger && { logger }) })
}

function brokerOptions({ brokers, config = {}, listen }: StartClusterOptions) {
  return {
    ...(brokers !== undefined && { brokerCount: brokers }),
    ...(listen !== undefined && listen !== false && { tcp: tcpOf(listen) }),
    properties: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])),
  }
}

function tcpOf(listen: Exclude<StartClusterOptions['listen'], undefined | false>): TcpListening {
  return listen === true ? { host: LOOPBACK, ports: [] } : { host: LOOPBACK, ports: [], ...listen }
}

async function portsOf({ directory }: EmbeddedCluster, ports: ClusterPorts): Promise<ClientPorts> {
  const { localResolver, pipeAddress } = await import('../cluster/index.ts')
  const { network, clock, random } = ports
  const bootstrap = directory.brokers.map(({ id }) => pipeAddress(id, directory.path))
  return { bootstrap, network, clock, random, resolver: localResolver(directory.path) }
}

function warn(error: KcliError): void {
  process.emitWarning(error)
}
