import { tcpResolver } from '../../../base/resolver.ts'
import { DataDirectory, systemPorts, zookeeperPipe } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import type { Target } from '../../target.ts'
import { remotePlace } from '../../zk/session.ts'
import { BrokerLines } from '../cluster/broker-lines.ts'
import { listenerOf } from '../cluster/status-watch.ts'
import type { ZnodePlace } from '../cluster/status-znodes.ts'
import { TopPoller } from './poller.ts'
import { initialState } from './state.ts'
import { TABS, type Tab } from './tables.ts'
import { ZnodeEyes } from './znode-eyes.ts'

export interface TopOptions {
  readonly intervalMs: number
  /** Write so many times in place of drawing; undefined draws until somebody quits. */
  readonly count: number | undefined
  readonly tab: Tab | undefined
  /** Where the znodes of a remote cluster are, as `HOST:PORT,…/PATH`. */
  readonly zookeeper: string | undefined
}

/** How long a broker has for an answer, busy as it may be; what the others tell waits for it. */
const PATIENCE_MS = 5_000

/** What goes on in a cluster, as `top` shows what goes on in a machine. */
export async function top(context: CommandContext, options: TopOptions): Promise<number | undefined> {
  const { count, tab, intervalMs } = options
  refuseWhatCannotBeShown(context, options)
  const target = await context.target()
  // Who cannot be reached at all is told in the words, and with the patience, of every command.
  await target.admin.describeCluster()
  const place = znodePlace(target, options.zookeeper)
  const znodes = place && new ZnodeEyes(place, context.clock)
  const poller = pollerFor(context, target, znodes)
  const look = () => poller.look()
  try {
    if (count !== undefined) {
      const { runBatchTop } = await import('./batch.ts')
      return await runBatchTop(context, { look, intervalMs, count, tab })
    }
    const { runLiveTop } = await import('./live.ts')
    const { clock, signal, terminal } = context
    const state = initialState(tab ?? 'brokers', intervalMs)
    const hasQuit = await runLiveTop({
      target: target.describe,
      look,
      state,
      color: terminal.color,
      clock,
      signal,
    })
    return hasQuit ? EXIT.done : undefined
  } finally {
    poller.close()
    await znodes?.close()
  }
}

function refuseWhatCannotBeShown({ out }: CommandContext, { count, tab }: TopOptions): void {
  const hint = 'Write what there is with --once, or -n N, and -o table, json or ndjson.'
  if (count === undefined) {
    if (out.format !== 'table') throw new UsageError(`top draws on a terminal, not as ${out.format}`, hint)
    if (!out.sink.isTerminal || process.env.TERM === 'dumb')
      throw new UsageError('top draws on a terminal, and there is none', hint)
    return
  }
  if (count > 1 && (out.format === 'json' || out.format === 'yaml'))
    throw new UsageError(
      `many looks are no one document as ${out.format}`,
      'Use -o ndjson: one line for each look.',
    )
  if (tab === undefined && (out.format === 'csv' || out.format === 'name'))
    throw new UsageError(`-o ${out.format} has one list`, `Say which one with --tab ${TABS.join('|')}.`)
}

function znodePlace(
  { dataDir, clientOptions: { network } }: Target,
  zookeeper: string | undefined,
): ZnodePlace | undefined {
  if (zookeeper !== undefined) return remotePlace(zookeeper).options
  return dataDir === undefined ? undefined : { network, servers: [zookeeperPipe(dataDir)] }
}

function pollerFor(
  { clock }: CommandContext,
  { dataDir, clientOptions }: Target,
  znodes: ZnodeEyes | undefined,
): TopPoller {
  const { network, bootstrap, resolver, clientId = 'kcli', observer } = clientOptions
  const directory = dataDir === undefined ? undefined : new DataDirectory(systemPorts().fs, dataDir)
  return new TopPoller({
    lines: new BrokerLines({ network, clock, clientId, observer, patienceMs: PATIENCE_MS, pauses: true }),
    clock,
    seeds: bootstrap,
    addressOf: resolver ?? tcpResolver,
    shownAddress: ({ id, host, port }) =>
      directory === undefined ? `${host}:${port}` : listenerOf(directory, id),
    znodes: async () => znodes?.look(),
  })
}
