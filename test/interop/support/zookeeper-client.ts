import { systemClock } from '../../../src/base/clock.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { connectZooKeeper, type ZooKeeperClient } from '../../../src/zookeeper/index.ts'

/** A session with whichever of these servers is there. */
export function connectTo(
  ports: readonly number[],
  auth: readonly { readonly scheme: string; readonly auth: string }[] = [],
): Promise<ZooKeeperClient> {
  return connectZooKeeper({
    network: createNodeNetwork(systemClock),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    servers: ports.map((port) => ({ kind: 'tcp', host: '127.0.0.1', port })),
    sessionTimeoutMs: 20_000,
    connectTimeoutMs: 60_000,
    auth,
  })
}
