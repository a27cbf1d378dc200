import { isUtf8 } from 'node:buffer'
import { type DataDirectory, systemPorts } from '../../../cluster/index.ts'
import { type ZooKeeperClient, ZooKeeperServer } from '../../../zookeeper/index.ts'

export interface Znode {
  readonly path: string
  /** Null when it has none, or none that is text. */
  readonly data: string | null
}

const SESSION_TIMEOUT_MS = 30_000

/** The tree of a directory that nobody serves; the caller holds its lock. Ephemeral nodes went with their owners. */
export async function readZnodes(directory: DataDirectory): Promise<Znode[]> {
  const { fs, clock, random, logger } = systemPorts()
  const server = await ZooKeeperServer.open({ fs, clock, random, logger, dataDir: directory.zookeeperDir })
  try {
    const client = await server.connect({ timeoutMs: SESSION_TIMEOUT_MS })
    const found: Znode[] = []
    await walk(client, '/', found)
    await client.close()
    return found
  } finally {
    await server.close()
  }
}

async function walk(client: ZooKeeperClient, path: string, found: Znode[]): Promise<void> {
  if (path !== '/') {
    const { data } = await client.getData(path)
    found.push({
      path,
      data: data === null || data.length === 0 || !isUtf8(data) ? null : Buffer.from(data).toString(),
    })
  }
  const { children } = await client.getChildren(path)
  for (const name of [...children].sort())
    await walk(client, path === '/' ? `/${name}` : `${path}/${name}`, found)
}
