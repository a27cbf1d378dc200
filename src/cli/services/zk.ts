import path from 'node:path'
import { zookeeperPipe } from '../../cluster/index.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { formatError } from '../report-error.ts'
import { stateDirectory } from '../state-directory.ts'
import { chooseZooKeeper } from '../target.ts'
import { parseAuth, type ZkFlags } from '../zk/flags.ts'
import { remotePlace, ZkBrowser, type ZkPlace } from '../zk/session.ts'

const SESSION_TIMEOUT_MS = 30_000

/** The znode browser: one command, or a shell when there is none. Gives zkCli's exit codes 0, 1 and 127. */
export async function browseZnodes(context: CommandContext, flags: ZkFlags): Promise<number | undefined> {
  const browser = new ZkBrowser(context, {
    place: await placeOf(context, flags),
    auth: flags.auth.map(parseAuth),
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    connectTimeoutMs: context.timeoutMs,
    isShell: flags.argv.length === 0,
  })
  if (flags.argv.length > 0) {
    browser.printsWatches = false
    try {
      const code = await browser.run(flags.argv)
      // Ctrl-C has a code of its own.
      return context.signal.aborted ? undefined : code
    } finally {
      await browser.disconnect()
    }
  }
  const { runZkShell } = await import('../zk/shell.ts')
  return await runZkShell({
    browser,
    isTerminal: context.terminal.stdinIsTty,
    historyFile: path.join(stateDirectory(process.env), 'zk_history'),
    report: (error) => context.out.note(formatError(error, { debug: false }).trimEnd()),
  })
}

/** `--server`, or the coordination service of the data directory. */
async function placeOf(context: CommandContext, flags: ZkFlags): Promise<ZkPlace> {
  const { server } = flags.values
  if (server !== undefined) {
    if (flags.values['data-dir'] !== undefined)
      throw new UsageError('--server and --data-dir exclude each other', 'Name one place.')
    return remotePlace(server)
  }
  const named =
    context.flags['data-dir'] === undefined ? chooseZooKeeper(context.flags, process.env) : undefined
  if (named !== undefined) return remotePlace(named.connect)
  const target = await context.target()
  const { network } = target.clientOptions
  if (!target.isLocal || network === undefined)
    throw new UsageError(
      'the znodes are not in a data directory',
      'Name the ZooKeeper with --server HOST:PORT, with KCLI_ZOOKEEPER or in the profile.',
    )
  const { dataDir } = target
  if (dataDir === undefined) throw new UsageError('there is no data directory', 'Name it with --data-dir.')
  return { name: path.basename(dataDir), options: { network, servers: [zookeeperPipe(dataDir)] } }
}
