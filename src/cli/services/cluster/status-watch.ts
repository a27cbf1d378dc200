import { sleep } from '../../../base/clock.ts'
import type { Address } from '../../../base/network.ts'
import { createNodeNetwork } from '../../../base/node-network.ts'
import { tellServer } from '../../../cluster/control/index.ts'
import { DataDirectory, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { LiveScreen } from '../../screen/live-screen.ts'
import { chooseTarget, parseAddresses } from '../../target.ts'
import { untilAborted } from '../../until-aborted.ts'
import { changesBetween, type StatusChange } from './status-changes.ts'
import { ClusterPoller, type ClusterSnapshot } from './status-snapshot.ts'
import { screenLines } from './status-view.ts'
import { type ZnodeChange, ZnodeWatch } from './status-znodes.ts'

const MAX_PATIENCE_MS = 1_000
const KEPT_ZNODE_CHANGES = 50

/** What can be looked at of a cluster, again and again. Nothing is started for it. */
export interface ClusterEyes {
  readonly target: string
  snapshot(): Promise<ClusterSnapshot | undefined>
  /** Tells of znodes from the first call on; of a cluster elsewhere they cannot be seen. */
  watchZnodes(
    onChange: (change: ZnodeChange) => void,
  ): { ensure(): Promise<void>; close(): Promise<void> } | undefined
  close(): void
}

export function openEyes(context: CommandContext, patienceMs: number): ClusterEyes {
  const choice = chooseTarget(context.flags, process.env)
  const { clock } = context
  const network = createNodeNetwork(clock)
  if (choice.kind === 'remote') {
    const seeds = parseAddresses(choice.addresses, choice.from).map((address) => ({ id: undefined, address }))
    const poller = new ClusterPoller({
      network,
      clock,
      patienceMs,
      seeds: () => seeds,
      addressOf: ({ host, port }) => ({ kind: 'tcp', host, port }),
      shownAddress: ({ host, port }) => `${host}:${port}`,
      faults: () => Promise.resolve(undefined),
    })
    return {
      target: choice.addresses,
      snapshot: () => poller.snapshot(),
      watchZnodes: () => undefined,
      close: () => poller.close(),
    }
  }
  const { fs } = systemPorts()
  const directory = new DataDirectory(fs, choice.dataDir)
  directory.check()
  const unix = (place: string) => ({ kind: 'unix' as const, path: directory.socketPath(place) })
  // Brokers with their znodes elsewhere have no sockets in the directory.
  const reach = (id: number): Address => {
    const socket = unix(`broker-${id}`)
    const listener = fs.existsSync(socket.path) ? null : listenerOf(directory, id)
    return listener === null ? socket : (parseAddresses(listener, 'server.json')[0] ?? socket)
  }
  const poller = new ClusterPoller({
    network,
    clock,
    patienceMs,
    seeds: () => (directory.exists() ? directory.brokers.map(({ id }) => ({ id, address: reach(id) })) : []),
    addressOf: ({ id }) => reach(id),
    shownAddress: ({ id }) => listenerOf(directory, id),
    faults: async () =>
      (await tellServer(network, directory, { do: 'state' }).catch(() => undefined))?.states,
  })
  return {
    target: directory.path,
    snapshot: () => poller.snapshot(),
    watchZnodes: (onChange) => new ZnodeWatch({ network, servers: [unix('zookeeper')] }, onChange),
    close: () => poller.close(),
  }
}

/** The server lists them in the order of the ids. */
export function listenerOf(directory: DataDirectory, id: number): string | null {
  const index = directory.brokers.findIndex((broker) => broker.id === id)
  return directory.readServerInfo()?.addresses[index] ?? null
}

/** Shows how a cluster changes until `q` or Ctrl-C: on a terminal in place, elsewhere as one JSON line for each change. */
export async function watchStatus(
  context: CommandContext,
  { intervalMs }: { readonly intervalMs: number },
): Promise<number | undefined> {
  const { format, sink } = context.out
  const isLive = format === 'table' && sink.isTerminal
  if (!isLive && format !== 'table' && format !== 'ndjson' && format !== 'json')
    throw new UsageError(`--watch has no output as ${format}`, 'Use -o ndjson: one line for each change.')
  const eyes = openEyes(context, Math.min(MAX_PATIENCE_MS, Math.max(intervalMs, 100)))
  try {
    return isLive ? await drawLive(context, eyes, intervalMs) : await writeChanges(context, eyes, intervalMs)
  } finally {
    eyes.close()
  }
}

async function drawLive(
  context: CommandContext,
  eyes: ClusterEyes,
  intervalMs: number,
): Promise<number | undefined> {
  const { clock, signal, terminal } = context
  const interrupted = untilAborted(signal)
  const screen = new LiveScreen()
  const znodes: ZnodeChange[] = []
  const watch = eyes.watchZnodes((change) => {
    znodes.unshift(change)
    znodes.length = Math.min(znodes.length, KEPT_ZNODE_CHANGES)
  })
  try {
    while (!signal.aborted && !screen.isLeft) {
      void watch?.ensure()
      const snapshot = await eyes.snapshot()
      if (signal.aborted || screen.isLeft) break
      const size = { rows: screen.rows, columns: screen.columns }
      const lines = await screenLines(
        { target: eyes.target, nowMs: clock.nowMs(), snapshot, znodes, ...size },
        terminal.color,
      )
      screen.draw(lines)
      await Promise.race([sleep(clock, intervalMs), screen.whenLeft, interrupted])
    }
  } finally {
    screen.close()
    void watch?.close()
  }
  return screen.isLeft ? EXIT.done : undefined
}

async function writeChanges(
  context: CommandContext,
  eyes: ClusterEyes,
  intervalMs: number,
): Promise<undefined> {
  const { clock, signal, out } = context
  const interrupted = untilAborted(signal)
  const pending: StatusChange[] = []
  const watch = eyes.watchZnodes((change) => pending.push({ event: 'znode', ...change }))
  let before: ClusterSnapshot | undefined
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const now = await eyes.snapshot()
    const changes = [...pending.splice(0), ...changesBetween(before, now, isFirst)]
    const timeMs = clock.nowMs()
    if (changes.length > 0)
      await out.write(changes.map((change) => `${JSON.stringify({ timeMs, ...change })}\n`).join(''))
    before = now
    // After the first lines, which tell how everything is.
    void watch?.ensure()
    await Promise.race([sleep(clock, intervalMs), interrupted])
  }
  void watch?.close()
  return undefined
}
