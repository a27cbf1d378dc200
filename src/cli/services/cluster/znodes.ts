import { isUtf8 } from 'node:buffer'
import { systemClock } from '../../../base/clock.ts'
import { silentLogger } from '../../../base/logger.ts'
import type { Network } from '../../../base/network.ts'
import { systemRandom } from '../../../base/random.ts'
import { zookeeperPipe } from '../../../cluster/index.ts'
import { connectZooKeeper, isZooKeeperError, type ZooKeeperClient } from '../../../zookeeper/index.ts'

export interface Znode {
  readonly path: string
  /** Null when it has none, or none that is text. */
  readonly data: string | null
  /** Goes with the session of who made it. */
  readonly isEphemeral: boolean
}

/** The tree of a running cluster, ephemeral nodes included. */
export async function readZnodes(network: Network, dataDir: string, timeoutMs: number): Promise<Znode[]> {
  const client = await connectZooKeeper({
    network,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    servers: [zookeeperPipe(dataDir)],
    sessionTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
  })
  try {
    const found: Znode[] = []
    await walk(client, '/', found)
    return found
  } finally {
    await client.close()
  }
}

async function walk(client: ZooKeeperClient, path: string, found: Znode[]): Promise<void> {
  try {
    if (path !== '/') {
      const { data, stat } = await client.getData(path)
      const isText = data !== null && data.length > 0 && isUtf8(data)
      const text = isText ? Buffer.from(data).toString() : null
      found.push({ path, data: text, isEphemeral: stat.ephemeralOwner !== 0n })
    }
    const { children } = await client.getChildren(path)
    const parent = path === '/' ? '' : path
    for (const name of [...children].sort()) await walk(client, `${parent}/${name}`, found)
  } catch (error) {
    // It went away while the others were read.
    if (!isZooKeeperError(error, 'NONODE')) throw error
  }
}
