import path from 'node:path'
import { KcliError, messageOf } from '../../../base/errors.ts'
import { formatAddress } from '../../../base/network.ts'
import { systemPorts } from '../../../cluster/index.ts'
import { ZooKeeperServer } from '../../../zookeeper/index.ts'
import { parseListen } from '../../cluster-flags.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { serverLogger } from '../../server-logger.ts'
import { serverExitCode, untilAborted } from '../../until-aborted.ts'
import { readZooConfig, type ZooConfig } from './zoo-config.ts'

export interface StartZooKeeperFlags {
  /** A zoo.cfg. */
  readonly config: string | undefined
  readonly listen: string | undefined
  readonly verbose: boolean
}

const CLIENT_PORT = 2181

/** Serves ZooKeeper's protocol on a directory of ZooKeeper's until a signal comes. */
export async function startZooKeeper(
  context: CommandContext,
  flags: StartZooKeeperFlags,
): Promise<number | undefined> {
  const logger = serverLogger(context, flags.verbose)
  const ports = systemPorts({ logger })
  const config = flags.config === undefined ? {} : readZooConfig(flags.config, (text) => logger.warn(text))
  const dataDir = dataDirOf(context, config)
  const address = addressOf(flags.listen, config)
  ports.fs.mkdirSync(dataDir)
  const lock = ports.locks.tryLock(path.join(dataDir, '.kcli.lock'))
  if (lock === null) {
    throw new KcliError('KCLI_ZOOKEEPER_IN_USE', `${dataDir} is served by another process already`, {
      hint: 'Stop it, or name another folder with --data-dir.',
    })
  }
  let fail: (error: Error) => void = () => undefined
  const failure = new Promise<Error>((resolve) => {
    fail = resolve
  })
  try {
    const server = await ZooKeeperServer.open({
      ...ports,
      logger,
      dataDir,
      ...config.server,
      onFailure: (error) =>
        fail(new KcliError('KCLI_ZOOKEEPER_DATA', `cannot write to ${dataDir}: ${messageOf(error)}`)),
    })
    try {
      const port = await server.listen({ network: ports.network, address, ...config.port })
      const where = formatAddress(port.address)
      await context.out.object(
        { state: 'ready', address: where, dataDir, pid: process.pid },
        () => `Ready: ${where} (data in ${dataDir}, pid ${process.pid})\n`,
        () => [where],
      )
      const failed = await Promise.race([failure, untilAborted(context.signal)])
      if (failed !== undefined) throw failed
    } finally {
      await server.close()
    }
  } finally {
    lock.release()
  }
  return serverExitCode(context.signal)
}

function dataDirOf(context: CommandContext, config: ZooConfig): string {
  const dataDir = context.flags['data-dir'] ?? config.dataDir
  if (dataDir !== undefined) return path.resolve(dataDir)
  throw new UsageError(
    'there is no folder for the data',
    'Name it with --data-dir, or as dataDir in a zoo.cfg.',
  )
}

function addressOf(listen: string | undefined, config: ZooConfig) {
  const from = listen === undefined ? 'clientPortAddress' : '--listen'
  const text = listen ?? config.address ?? '127.0.0.1'
  const { host, ports } = parseListen(text, { from, emptyHost: '127.0.0.1', defaultPort: CLIENT_PORT })
  return { kind: 'tcp' as const, host, port: ports[0] ?? CLIENT_PORT }
}
