import { systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { JavaExit } from '../../jopt/java-main.ts'
import { startZooKeeper } from '../../services/zookeeper/start.ts'
import { runProgram } from '../java-program.ts'
import { RunningServers, serversDirectory } from './running-servers.ts'
import { endOf, type Script, scriptUsage, startInBackground } from './script.ts'

const INVALID_INVOCATION = 2

/**
 * Kafka's zookeeper-server-start (bin/zookeeper-server-start.sh and org.apache.zookeeper.server.quorum.QuorumPeerMain).
 * Ends with 130 or 143 after a signal, as a JVM does.
 */
export async function zookeeperServerStart(
  context: CommandContext,
  words: readonly string[],
  script: Script,
): Promise<number | undefined> {
  let isStarting = false
  const [first, ...rest] = words
  const own = first === '-daemon' ? rest : words
  const code = await runProgram(context, async () => {
    if (first === undefined) throw scriptUsage(script, '[-daemon] zookeeper.properties')
    if (own.length < 1 || own.length > 4) {
      const err = 'Usage: ZooKeeperServerMain configfile | port datadir [ticktime] [maxcnxns]\n'
      throw new JavaExit(INVALID_INVOCATION, { err })
    }
    if (first === '-daemon') await startInBackground(context, script, own, 'zookeeper')
    else isStarting = true
  })
  if (!isStarting) return code
  const running = new RunningServers(systemPorts(), serversDirectory()).add('zookeeper')
  try {
    return await endOf(context, serve(context, own), (error) =>
      error instanceof UsageError ? INVALID_INVOCATION : EXIT.failed,
    )
  } finally {
    running.release()
  }
}

async function serve(context: CommandContext, words: readonly string[]): Promise<void> {
  const [first = '', dataDir] = words
  try {
    if (dataDir === undefined)
      await startZooKeeper(context, { config: first, listen: undefined, verbose: false })
    else {
      if (!/^\d{1,5}$/.test(first)) throw new UsageError(`'${first}' is no port`)
      const flags = { ...context.flags, 'data-dir': dataDir }
      const listen = `127.0.0.1:${first}`
      await startZooKeeper({ ...context, flags }, { config: undefined, listen, verbose: false })
    }
  } catch (error) {
    if (error instanceof UsageError) context.out.note('Invalid config, exiting abnormally')
    throw error
  }
}
