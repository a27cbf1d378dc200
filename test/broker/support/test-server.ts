import { systemClock } from '../../../src/base/clock.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import type { Address } from '../../../src/base/network.ts'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import type { ApiHandler } from '../../../src/broker/api/handler.ts'
import { ApiRegistry } from '../../../src/broker/api/registry.ts'
import { NetworkServer, type ServerLimits } from '../../../src/broker/network/server.ts'

const LIMITS: ServerLimits = {
  maxRequestBytes: 100 * 1024 * 1024,
  connectionsMaxIdleMs: 600_000,
  maxConnections: 2147483647,
  maxConnectionsPerIp: 2147483647,
}

/** A network server on a free loopback port and on a pipe, with these handlers. */
export async function startServer(
  handlers: readonly ApiHandler[],
  options: { limits?: Partial<ServerLimits>; clock?: typeof systemClock } = {},
) {
  const clock = options.clock ?? systemClock
  const network = createNodeNetwork(clock)
  const server = new NetworkServer({
    network,
    clock,
    logger: silentLogger,
    limits: () => ({ ...LIMITS, ...options.limits }),
  })
  const pipe: Address = { kind: 'pipe', name: 'broker' }
  const [endpoint] = await server.bind([
    {
      name: 'PLAINTEXT',
      securityProtocol: 'PLAINTEXT',
      bind: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe],
      advertisedHost: '127.0.0.1',
      advertisedPort: 0,
    },
  ])
  server.startProcessing(new ApiRegistry(handlers, silentLogger))
  const tcp: Address = { kind: 'tcp', host: '127.0.0.1', port: endpoint?.port ?? 0 }
  return { server, network, tcp, pipe }
}
