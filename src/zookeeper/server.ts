import type { Clock } from '../base/clock.ts'
import type { FileSystem } from '../base/file-system.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { ZooKeeperClient } from './client.ts'

export interface ZooKeeperServerOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Holds `version-2/`. Made if missing. */
  readonly dataDir: string
  /** Whether a write waits for the disk (one sync per group of writes). Default true, as in ZooKeeper. */
  readonly forceSync?: boolean
  /** Ends all sessions of a former process before serving. For a service that nobody else can have a session with. */
  readonly expireSessionsOnOpen?: boolean
}

export class ZooKeeperServer {
  static open(_options: ZooKeeperServerOptions): Promise<ZooKeeperServer> {
    throw new Error('in work')
  }
  readonly lastZxid: number = 0
  readonly nodeCount: number = 0
  connect(_options: { timeoutMs: number }): Promise<ZooKeeperClient> {
    throw new Error('in work')
  }
  close(): Promise<void> {
    throw new Error('in work')
  }
}
