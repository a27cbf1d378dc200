import type { Clock } from '../../src/base/clock.ts'
import type { FileSystem } from '../../src/base/file-system.ts'
import { type Logger, silentLogger } from '../../src/base/logger.ts'
import { seededRandom } from '../../src/base/random.ts'
import {
  type ZooKeeperClient,
  ZooKeeperServer,
  type ZooKeeperServerOptions,
} from '../../src/zookeeper/index.ts'
import { MemoryFileSystem } from './memory-fs.ts'

/** Time stands still until it is moved. */
export class ManualClock implements Clock {
  private timers: { atMs: number; fn: () => void }[] = []
  private atMs = 1_700_000_000_000

  nowMs(): number {
    return this.atMs
  }

  monotonicMs(): number {
    return this.atMs
  }

  setTimer(delayMs: number, fn: () => void) {
    const timer = { atMs: this.atMs + delayMs, fn }
    this.timers.push(timer)
    return { cancel: () => this.timers.splice(this.timers.indexOf(timer), 1) }
  }

  defer(fn: () => void): void {
    setImmediate(fn)
  }

  advance(ms: number): void {
    const endMs = this.atMs + ms
    for (;;) {
      this.timers.sort((a, b) => a.atMs - b.atMs)
      const next = this.timers[0]
      if (next === undefined || next.atMs > endMs) break
      this.timers.shift()
      this.atMs = next.atMs
      next.fn()
    }
    this.atMs = endMs
  }
}

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
