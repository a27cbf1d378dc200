import type { BrokerFault } from '../../../cluster/control/index.ts'
import { DataDirectory, isServed, type ServerInfo, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { barLines } from '../../output/chart.ts'
import { loadStyles } from '../../output/styles.ts'
import { chooseTarget } from '../../target.ts'
import { underReplicated } from '../topics/list.ts'
import type { BrokerState, ClusterSnapshot, PartitionStatus } from './status-snapshot.ts'
import { faultTexts, isUnderReplicated, partitionLines } from './status-view.ts'
import { readZnodes, type Znode } from './znodes.ts'

/** Of a broker that does not answer. */
const LOOK_PATIENCE_MS = 1_000

interface Status {
  /** `running`: a server or another command serves it. `stopped`: the next command will run it. */
  readonly state: 'running' | 'stopped' | 'missing'
  readonly target: string
  readonly server?: ServerInfo
  readonly clusterId?: string | null
  readonly controller?: number
  readonly brokers?: readonly {
    readonly id: number
    /** Null when it can be reached through the data directory only. */
    readonly address: string | null
    readonly rack: string | null
    /** Partitions that it leads. */
    readonly leaders: number
    /** Of a local cluster that a server runs: what was done to the broker, and whom it cannot reach for that. */
    readonly state?: BrokerState
    readonly cutOffFrom?: BrokerFault['cutOffFrom']
    readonly isCutOffFromZooKeeper?: boolean
  }[]
  readonly topics?: number
  readonly partitions?: number
  readonly underReplicatedPartitions?: number
  readonly partitionStates?: readonly PartitionStatus[]
  readonly znodes?: readonly Znode[]
}

interface StatusOptions {
  readonly znodes: boolean
  readonly partitions: boolean
}

/** Who serves the target and how it is. A data directory that nobody serves is not started, unless its znodes are wanted. */
export async function clusterStatus(context: CommandContext, options: StatusOptions): Promise<undefined> {
  const choice = chooseTarget(context.flags, process.env)
  const status =
    choice.kind === 'remote'
      ? await remoteStatus(context, choice.addresses, options)
      : await localStatus(context, choice.dataDir, options)
  await context.out.object(
    status,
    () => text(status, context),
    () => [addressesOf(status).join(',') || status.target],
  )
  return undefined
}

/** What `-b` takes, where the brokers can be reached by it. */
function addressesOf({ server, brokers = [] }: Status): readonly string[] {
  return server?.addresses ?? brokers.flatMap(({ address }) => address ?? [])
}

async function localStatus(
  context: CommandContext,
  dataDir: string,
  options: StatusOptions,
): Promise<Status> {
  const ports = systemPorts()
  const directory = new DataDirectory(ports.fs, dataDir)
  directory.check()
  if (!directory.exists()) return { state: 'missing', target: dataDir }
  if (isServed(ports, directory)) {
    const server = directory.readServerInfo()
    const running =
      (await servedStatus(context, dataDir, options)) ??
      (await runningStatus(context, dataDir, server?.addresses ?? []))
    return {
      ...running,
      ...(server !== undefined && { server }),
      ...(options.znodes && { znodes: await znodesOf(context, dataDir) }),
    }
  }
  if (!options.znodes) return { state: 'stopped', target: dataDir }
  // Ephemeral nodes are there only while the brokers are: this command runs them for as long as it looks.
  const status = await runningStatus(context, dataDir, [])
  return { ...status, state: 'stopped', znodes: await znodesOf(context, dataDir) }
}

/** Through the directory, whichever process serves it. */
async function znodesOf(context: CommandContext, dataDir: string): Promise<Znode[]> {
  const { network } = (await context.target()).clientOptions
  return network === undefined ? [] : readZnodes(network, dataDir, context.timeoutMs)
}

async function remoteStatus(
  context: CommandContext,
  addresses: string,
  options: StatusOptions,
): Promise<Status> {
  const status = await runningStatus(context, addresses)
  if (!options.partitions) return status
  const snapshot = await look(context)
  return { ...status, ...(snapshot !== undefined && { partitionStates: snapshot.partitions }) }
}

/** As each broker says for itself, so that one that stands still keeps nobody waiting; undefined when none answers. */
async function servedStatus(
  context: CommandContext,
  target: string,
  options: StatusOptions,
): Promise<Status | undefined> {
  const snapshot = await look(context)
  if (snapshot === undefined) return undefined
  const { brokers, partitions, clusterId, controller, topicCount } = snapshot
  return {
    state: 'running',
    target,
    clusterId,
    controller,
    brokers: brokers.map(({ id, address, rack, state, cutOffFrom, isCutOffFromZooKeeper }) => ({
      id,
      address,
      rack,
      leaders: partitions.filter(({ leader }) => leader === id).length,
      state,
      cutOffFrom,
      isCutOffFromZooKeeper,
    })),
    topics: topicCount,
    partitions: partitions.length,
    underReplicatedPartitions: partitions.filter(isUnderReplicated).length,
    ...(options.partitions && { partitionStates: partitions }),
  }
}

async function look(context: CommandContext): Promise<ClusterSnapshot | undefined> {
  const { openEyes } = await import('./status-watch.ts')
  const eyes = openEyes(context, LOOK_PATIENCE_MS)
  try {
    return await eyes.snapshot()
  } finally {
    eyes.close()
  }
}

/** `tcp`: where the brokers of a local cluster listen for others, in the order of their ids; undefined for a remote one. */
async function runningStatus(
  context: CommandContext,
  target: string,
  tcp?: readonly string[],
): Promise<Status> {
  const { admin } = await context.target()
  const [cluster, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()])
  return {
    state: 'running',
    target,
    clusterId: cluster.clusterId,
    controller: cluster.controllerId,
    brokers: [...cluster.brokers]
      .sort((a, b) => a.id - b.id)
      .map(({ id, host, port, rack }, index) => ({
        id,
        address: tcp === undefined ? `${host}:${port}` : (tcp[index] ?? null),
        rack,
        leaders: topics.flatMap(({ partitions }) => partitions).filter(({ leader }) => leader === id).length,
      })),
    topics: topics.filter((topic) => !topic.isInternal).length,
    partitions: topics.reduce((sum, topic) => sum + topic.partitions.length, 0),
    underReplicatedPartitions: topics.reduce((sum, topic) => sum + underReplicated(topic), 0),
  }
}

async function text(status: Status, { terminal }: CommandContext): Promise<string> {
  const styles = await loadStyles(terminal.color)
  const { bold, dim, good, bad } = styles
  const line = (name: string, value: string) => `${bold(`${name}:`.padEnd(12))} ${value}`
  const state = status.brokers !== undefined && status.state === 'stopped' ? LOOKED_AT : STATES[status.state]
  const lines = [
    line('State', status.state === 'running' ? good(state) : state),
    line('Target', status.target),
  ]
  if (status.server !== undefined) {
    const { pid, kind, addresses } = status.server
    const what = kind === 'server' ? 'a server' : 'a command that will end by itself'
    lines.push(line('Served by', `process ${pid}, ${what}`))
    if (addresses.length > 0) lines.push(line('Listens on', addresses.join(',')))
  }
  if (status.brokers !== undefined) {
    const marked = status.brokers.map((broker) => {
      const { id, address } = broker
      const notes = [
        address,
        id === status.controller ? 'controller' : null,
        ...faultTexts(broker).map(bad),
      ].filter((note) => note !== null)
      return notes.length === 0 ? String(id) : `${id} (${notes.join(', ')})`
    })
    const under = status.underReplicatedPartitions ?? 0
    const health = `${under} under-replicated`
    lines.push(line('Cluster id', status.clusterId ?? '-'), line('Brokers', marked.join(', ')))
    lines.push(
      line(
        'Topics',
        `${status.topics} with ${status.partitions} ${status.partitions === 1 ? 'partition' : 'partitions'}, ${under > 0 ? bad(health) : health}`,
      ),
    )
  }
  if (terminal.columns !== undefined && status.brokers !== undefined && status.brokers.length > 1) {
    const bars = status.brokers.map(({ id, leaders }) => ({ label: String(id), value: leaders }))
    lines.push('', bold('Leaders'), ...barLines(bars, { columns: terminal.columns, styles }))
  }
  if (status.partitionStates !== undefined && status.partitionStates.length > 0)
    lines.push('', ...partitionLines(status.partitionStates, undefined, styles).slice(0, -1))
  if (status.znodes !== undefined) lines.push('', bold('Znodes'))
  for (const { path, data, isEphemeral } of leavesAndData(status.znodes ?? [])) {
    const shown = `${path}${isEphemeral ? ' (ephemeral)' : ''}`
    lines.push(data === null ? shown : `${shown}  ${dim(cut(data, terminal.columns, shown.length + 2))}`)
  }
  return `${lines.join('\n')}\n`
}

/** A folder without data is seen in the paths below it. */
function leavesAndData(znodes: readonly Znode[]): Znode[] {
  return znodes.filter(({ path, data }, i) => data !== null || !znodes[i + 1]?.path.startsWith(`${path}/`))
}

/** What fits on the line of a terminal; all of it elsewhere. */
function cut(text: string, columns: number | undefined, before: number): string {
  if (columns === undefined || before + text.length <= columns) return text
  return `${text.slice(0, Math.max(0, columns - before - 1))}…`
}

const LOOKED_AT = 'stopped (ran for this look at it)'

const STATES = {
  running: 'running',
  stopped: 'stopped (the next command runs it)',
  missing: 'no cluster yet (the first command makes it)',
} as const
