import { prefixedLogger } from '../base/logger.ts'
import type { Address } from '../base/network.ts'
import {
  type ClientPortOptions,
  type ConnectString,
  connectZooKeeper,
  isZooKeeperError,
  type ZooKeeperClient,
  ZooKeeperServer,
} from '../zookeeper/index.ts'
import type { DataDirectory } from './data-directory.ts'
import { zookeeperPipe } from './local-address.ts'
import type { ClusterPorts } from './ports.ts'

/** Where the brokers of a cluster have their znodes. */
export interface Coordination {
  /** Whether sessions can expire while this process is well. */
  readonly isRemote: boolean
  /** `from`: how the client reaches a service elsewhere, if not as this process does. */
  connect(from?: Pick<ClusterPorts, 'network' | 'clock'>): Promise<ZooKeeperClient>
  close(): Promise<void>
}

/** Brokers in one process with their coordination service: sessions end with it, not by time. */
const SESSION_TIMEOUT_MS = 18_000

/** The service of a data directory, in this process. */
export class EmbeddedZooKeeper implements Coordination {
  readonly isRemote = false
  private readonly server: ZooKeeperServer
  private readonly ports: ClusterPorts
  private readonly directory: DataDirectory
  private serving: Promise<void> | undefined

  static async open(
    ports: ClusterPorts,
    directory: DataDirectory,
    onFailure: (error: unknown) => void,
  ): Promise<EmbeddedZooKeeper> {
    const { fs, clock, random, logger } = ports
    const server = await ZooKeeperServer.open({
      fs,
      clock,
      random,
      logger: prefixedLogger(logger, 'zookeeper'),
      dataDir: directory.zookeeperDir,
      expireSessionsOnOpen: true,
      extendedTypesEnabled: true,
      onFailure,
    })
    return new EmbeddedZooKeeper(ports, directory, server)
  }

  private constructor(ports: ClusterPorts, directory: DataDirectory, server: ZooKeeperServer) {
    this.ports = ports
    this.directory = directory
    this.server = server
  }

  connect(): Promise<ZooKeeperClient> {
    return this.server.connect({ timeoutMs: SESSION_TIMEOUT_MS })
  }

  /** As if nobody had been heard of in it for too long. Resolves when its ephemeral nodes are gone. */
  expireSession(id: bigint): Promise<void> {
    return this.server.expireSession(id)
  }

  /** Lets in who uses the data directory, this process included; what came first is enough for all. */
  serveDirectory(): Promise<void> {
    this.serving ??= this.listenInDirectory()
    return this.serving
  }

  /** Gives the address, with the port that was picked when 0 was asked for. */
  async listen(address: Address, options: Partial<ClientPortOptions> = {}): Promise<Address> {
    const { network } = this.ports
    return (await this.server.listen({ ...options, network, address })).address
  }

  close(): Promise<void> {
    return this.server.close()
  }

  private async listenInDirectory(): Promise<void> {
    await this.listen(zookeeperPipe(this.directory.path), { maxConnectionsPerHost: 0 })
    const path = this.directory.clearedSocket('zookeeper')
    await this.listen({ kind: 'unix', path }, { maxConnectionsPerHost: 0, fourLetterWords: ['*'] })
  }
}

export interface RemoteZooKeeperOptions {
  readonly servers: ConnectString
  /** zookeeper.session.timeout.ms */
  readonly sessionTimeoutMs: number
  /** zookeeper.connection.timeout.ms */
  readonly connectTimeoutMs: number
}

/** A ZooKeeper elsewhere, perhaps an ensemble. */
export class RemoteZooKeeper implements Coordination {
  readonly isRemote = true
  private readonly ports: ClusterPorts
  private readonly options: RemoteZooKeeperOptions
  private hasChroot = false

  constructor(ports: ClusterPorts, options: RemoteZooKeeperOptions) {
    this.ports = ports
    this.options = options
  }

  async connect(from?: Pick<ClusterPorts, 'network' | 'clock'>): Promise<ZooKeeperClient> {
    const { network, clock, random, logger } = { ...this.ports, ...from }
    const { servers, sessionTimeoutMs, connectTimeoutMs } = this.options
    const open = (chroot: string) =>
      connectZooKeeper({
        network,
        clock,
        random,
        logger: prefixedLogger(logger, 'zookeeper'),
        servers: servers.servers,
        chroot,
        sessionTimeoutMs,
        connectTimeoutMs,
      })
    if (servers.chroot !== '' && !this.hasChroot) await makeChroot(await open(''), servers.chroot)
    this.hasChroot = true
    return open(servers.chroot)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** As Kafka does: the path that stands before all others is made when it is not there. */
async function makeChroot(client: ZooKeeperClient, chroot: string): Promise<void> {
  try {
    const names = chroot.split('/').slice(1)
    for (let depth = 1; depth <= names.length; depth++) {
      const path = `/${names.slice(0, depth).join('/')}`
      if ((await client.exists(path)) === null) {
        await client.create(path, null).catch((error: unknown) => {
          if (!isZooKeeperError(error, 'NODEEXISTS')) throw error
        })
      }
    }
  } finally {
    await client.close()
  }
}
