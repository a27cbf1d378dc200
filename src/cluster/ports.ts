import { type Clock, systemClock } from '../base/clock.ts'
import { FileLocks } from '../base/file-lock.ts'
import type { FileSystem } from '../base/file-system.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { Network } from '../base/network.ts'
import { nodeFileSystem } from '../base/node-file-system.ts'
import { createNodeNetwork } from '../base/node-network.ts'
import { type Random, systemRandom } from '../base/random.ts'

/** Everything a cluster touches the outside world with. */
export interface ClusterPorts {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly network: Network
  readonly locks: Pick<FileLocks, 'tryLock' | 'isHeld'>
}

/** Locks belong to the process: whoever may meet on a directory must share them. */
const processLocks = new FileLocks()

/** The real ones. */
export function systemPorts(overrides: Partial<ClusterPorts> = {}): ClusterPorts {
  return {
    fs: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    network: overrides.network ?? createNodeNetwork(overrides.clock ?? systemClock),
    locks: overrides.locks ?? processLocks,
    ...overrides,
  }
}
