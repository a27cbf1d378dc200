import type { Clock } from '../../src/base/clock.ts'
import type { FileSystem } from '../../src/base/file-system.ts'
import { type Logger, silentLogger } from '../../src/base/logger.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { seededRandom } from '../../src/base/random.ts'
import {
  type ClientPortOptions,
  connectZooKeeper,
  isZooKeeperError,
  type NetworkClientOptions,
  type ZooKeeperClient,
  ZooKeeperServer,
  type ZooKeeperServerOptions,
} from '../../src/zookeeper/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'

/** Says what was warned of. */
export function recordingLogger(): Logger & { lines: string[] } {
  const lines: string[] = []
  const record = (message: string) => {
    lines.push(message)
  }
  return { ...silentLogger, lines, warn: record, error: record }
}

export const DATA_DIR = '/zk'

export function openServer(
  fs: FileSystem = new MemoryFileSystem(),
  options: Partial<ZooKeeperServerOptions> = {},
): Promise<ZooKeeperServer> {
  return ZooKeeperServer.open({
    fs,
    clock: new ManualClock(),
    random: seededRandom(1),
    logger: silentLogger,
    dataDir: DATA_DIR,
    ...options,
  })
}

export async function openClient(fs?: FileSystem, options: Partial<ZooKeeperServerOptions> = {}) {
  const server = await openServer(fs, options)
  const client = await server.connect({ timeoutMs: 18_000 })
  return { server, client }
}

/** The same service, reached as a client in its process, and as one that comes over a connection. */
export const CLIENTS: readonly (readonly [string, typeof openClient])[] = [
  ['in process', openClient],
  ['over a connection', openNetworkClient],
]

export async function openNetworkClient(fs?: FileSystem, options: Partial<ZooKeeperServerOptions> = {}) {
  const clock = options.clock ?? new ManualClock()
  const server = await openServer(fs, { ...options, clock })
  const { connect } = await openPort(server, clock)
  return { server, client: await connect({ logger: options.logger ?? silentLogger }) }
}

/** A port of the server, and a function that connects to it. */
export async function openPort(
  server: ZooKeeperServer,
  clock: Clock,
  portOptions: Partial<ClientPortOptions> = {},
) {
  const network = createNodeNetwork(clock)
  const address = { kind: 'pipe', name: 'zookeeper' } as const
  await server.listen({ network, address, ...portOptions })
  const connect = (options: Partial<NetworkClientOptions> = {}) =>
    connectZooKeeper({
      network,
      clock,
      random: seededRandom(2),
      logger: silentLogger,
      servers: [address],
      sessionTimeoutMs: 18_000,
      ...options,
    })
  return { network, address, connect }
}

/** Code and path of what ZooKeeper refused. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (isZooKeeperError(error)) return `${error.zkCode} ${error.path}`
    throw error
  }
  return 'no failure'
}

export interface DumpedNode {
  readonly path: string
  /** Base64. */
  readonly data: string | null
  readonly [field: string]: unknown
}

/** Every node with all that a client can learn of it, by path. */
export async function dumpTree(client: ZooKeeperClient, path = '/'): Promise<DumpedNode[]> {
  const { data, stat } = await client.getData(path)
  const { acl } = await client.getAcl(path)
  const nodes: DumpedNode[] = [
    {
      path,
      data: data === null ? null : data.toString('base64'),
      ...stat,
      ephemeralOwner: String(stat.ephemeralOwner),
      acl: acl.map(({ perms, id }) => [perms, id.scheme, id.id]),
    },
  ]
  const { children } = await client.getChildren(path)
  for (const name of children.sort())
    nodes.push(...(await dumpTree(client, path === '/' ? `/${name}` : `${path}/${name}`)))
  return nodes
}
