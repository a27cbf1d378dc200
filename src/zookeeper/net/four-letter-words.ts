import os from 'node:os'
import { formatAddress } from '../../base/network.ts'
import type { ClientPort } from './client-port.ts'
import type { ServerConnection } from './server-connection.ts'

/** What this server speaks and stores as. */
export const ZOOKEEPER_VERSION = '3.8.4'
const VERSION_LINE = `Zookeeper version: ${ZOOKEEPER_VERSION}-kcli, built on 2024-02-12 22:16 UTC\n`
const DEFAULT_WHITELIST: readonly string[] = ['srvr']

/** What each command answers (org.apache.zookeeper.server.command), ends of lines as there. */
const WORDS: Readonly<Record<string, (port: ClientPort) => string>> = {
  ruok: () => 'imok',
  isro: () => 'rw',
  srvr: (port) => VERSION_LINE + server(port),
  stat: (port) => `${VERSION_LINE}Clients:\n${connections(port, brief)}\n${server(port)}`,
  cons: (port) => `${connections(port, full)}\n`,
  conf,
  envi,
  mntr,
  dump,
  wchs: ({ core }) => {
    const { connectionCount, pathCount, watchCount } = core.watches.counts()
    return `${connectionCount} connections watching ${pathCount} paths\nTotal watches:${watchCount}\n`
  },
  wchc: (port) => listing(watchesBySession(port)),
  wchp: (port) => listing(invert(watchesBySession(port))),
  srst: ({ stats }) => {
    stats.reset()
    return 'Server stats reset.\n'
  },
  crst: ({ connections: all }) => {
    for (const { counts } of all) Object.assign(counts, { received: 0, sent: 0 })
    return 'Connection stats reset.\n'
  },
}

/** Undefined when it is none of the commands. */
export function answerWord(word: string, port: ClientPort): string | undefined {
  const answer = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  if (answer === undefined) return undefined
  const whitelist = port.options.fourLetterWords ?? DEFAULT_WHITELIST
  if (whitelist.includes('*') || whitelist.includes(word)) return answer(port)
  return `${word} is not executed because it is not in the whitelist.\n`
}

function server(port: ClientPort): string {
  const { core, stats } = port
  return [
    `Latency min/avg/max: ${stats.minLatencyMs}/${decimal(stats.averageLatencyMs)}/${stats.maxLatencyMs}`,
    `Received: ${stats.received}`,
    `Sent: ${stats.sent}`,
    `Connections: ${port.connections.size}`,
    `Outstanding: ${core.pipeline.pendingCount}`,
    `Zxid: 0x${core.tree.lastZxid.toString(16)}`,
    'Mode: standalone',
    `Node count: ${core.tree.nodeCount}`,
    '',
  ].join('\n')
}

/** Java's DecimalFormat `#.####`, with one digit behind the point at least. */
function decimal(value: number): string {
  const rounded = Math.round(value * 10_000) / 10_000
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded)
}

function connections(port: ClientPort, format: (connection: ServerConnection) => string): string {
  return [...port.connections].map((connection) => `${format(connection)}\n`).join('')
}

function head({ peer, sessionId, outstanding, counts }: ServerConnection): string {
  const ops = sessionId === 0n ? 0 : 1
  return ` /${peer}[${ops}](queued=${outstanding},recved=${counts.received},sent=${counts.sent}`
}

function brief(connection: ServerConnection): string {
  return `${head(connection)})`
}

function full(connection: ServerConnection): string {
  if (connection.sessionId === 0n) return brief(connection)
  const { establishedMs, timeoutMs, lastOperation, lastZxid } = connection
  const lzxid = lastZxid < 0 ? '0xffffffffffffffff' : `0x${lastZxid.toString(16)}`
  const facts = `sid=${sessionName(connection.sessionId)},lop=${lastOperation},est=${Math.floor(establishedMs)}`
  return `${head(connection)},${facts},to=${timeoutMs},lzxid=${lzxid})`
}

function conf(port: ClientPort): string {
  const { address, core } = port
  const { tickMs, minTimeoutMs, maxTimeoutMs } = core.sessions.limits
  return [
    `clientPort=${address.kind === 'tcp' ? address.port : -1}`,
    ...(address.kind === 'tcp' ? [] : [`clientPortAddress=${formatAddress(address)}`]),
    `tickTime=${tickMs}`,
    `maxClientCnxns=${port.maxConnectionsPerHost}`,
    `minSessionTimeout=${minTimeoutMs}`,
    `maxSessionTimeout=${maxTimeoutMs}`,
    'serverId=0',
    '',
  ].join('\n')
}

function envi(): string {
  return [
    'Environment:',
    `zookeeper.version=${ZOOKEEPER_VERSION}-kcli`,
    `host.name=${os.hostname()}`,
    `node.version=${process.versions.node}`,
    `os.name=${os.type()}`,
    `os.arch=${os.arch()}`,
    `os.version=${os.release()}`,
    '',
  ].join('\n')
}

function mntr(port: ClientPort): string {
  const { core, stats } = port
  const { watchCount } = core.watches.counts()
  const values: Record<string, string | number> = {
    version: `${ZOOKEEPER_VERSION}-kcli, built on 2024-02-12 22:16 UTC`,
    server_state: 'standalone',
    avg_latency: decimal(stats.averageLatencyMs),
    max_latency: stats.maxLatencyMs,
    min_latency: stats.minLatencyMs,
    packets_received: stats.received,
    packets_sent: stats.sent,
    num_alive_connections: port.connections.size,
    outstanding_requests: core.pipeline.pendingCount,
    znode_count: core.tree.nodeCount,
    watch_count: watchCount,
    ephemerals_count: core.tree
      .ephemeralOwners()
      .reduce((sum, id) => sum + core.tree.ephemeralsOf(id).size, 0),
    global_sessions: core.sessions.size,
    uptime: Math.floor(core.clock.nowMs() - port.startedMs),
  }
  return Object.entries(values)
    .map(([name, value]) => `zk_${name}\t${value}\n`)
    .join('')
}

function dump(port: ClientPort): string {
  const { sessions, tree } = port.core
  const owners = tree.ephemeralOwners()
  const lines = [
    'SessionTracker dump:',
    `Global Sessions(${sessions.size}):`,
    ...sessions.all().map(({ id, timeoutMs }) => `${sessionName(id)}\t${timeoutMs}ms`),
    'ephemeral nodes dump:',
    `Sessions with Ephemerals (${owners.length}):`,
    ...owners.flatMap((id) => [
      `${sessionName(id)}:`,
      ...[...tree.ephemeralsOf(id)].map((path) => `\t${path}`),
    ]),
    'Connections dump:',
    `Connections Sets (${port.connections.size}):`,
    ...[...port.connections].map(
      ({ peer, sessionId }) => `\tip: /${peer} sessionId: ${sessionName(sessionId)}`,
    ),
    '',
  ]
  return lines.join('\n')
}

function watchesBySession(port: ClientPort): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { sink, sessionId } of port.connections) {
    const paths = port.core.watches.pathsOf(sink)
    if (paths.length > 0) found.set(sessionName(sessionId), paths)
  }
  return found
}

function invert(lists: Map<string, string[]>): Map<string, string[]> {
  const inverted = new Map<string, string[]>()
  for (const [name, paths] of lists) {
    for (const path of paths) inverted.set(path, [...(inverted.get(path) ?? []), name])
  }
  return inverted
}

function listing(lists: Map<string, string[]>): string {
  return [...lists]
    .map(([name, entries]) => [name, ...entries.map((each) => `\t${each}`), ''].join('\n'))
    .join('')
}

/** As ZooKeeper writes a session: `0x` and the hexadecimal number, without zeros in front. */
export function sessionName(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`
}
