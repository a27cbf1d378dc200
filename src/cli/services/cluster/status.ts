import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { DataDirectory, type ServerInfo, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { chooseTarget } from '../../target.ts'
import { underReplicated } from '../topics/list.ts'
import { readZnodes } from './znodes.ts'

interface Status {
  /** `running`: a server or another command serves it. `stopped`: the next command will run it. */
  readonly state: 'running' | 'stopped' | 'missing'
  readonly target: string
  readonly server?: ServerInfo
  readonly clusterId?: string | null
  readonly controller?: number
  readonly brokers?: readonly {
    readonly id: number
    readonly address: string
    readonly rack: string | null
  }[]
  readonly topics?: number
  readonly partitions?: number
  readonly underReplicatedPartitions?: number
  readonly znodes?: readonly { readonly path: string; readonly data: string | null }[]
}

/** Who serves the target and how it is. A data directory that nobody serves is looked at, not started. */
export async function clusterStatus(
  context: CommandContext,
  options: { znodes: boolean },
): Promise<undefined> {
  const choice = chooseTarget(context.flags, process.env)
  const status =
    choice.kind === 'remote'
      ? await runningStatus(context, choice.addresses)
      : await localStatus(context, choice.dataDir, options)
  await context.out.object(status, () => text(status))
  return undefined
}

async function localStatus(
  context: CommandContext,
  dataDir: string,
  options: { znodes: boolean },
): Promise<Status> {
  const directory = new DataDirectory(nodeFileSystem, dataDir)
  if (!directory.exists()) return { state: 'missing', target: dataDir }
  const lock = systemPorts().locks.tryLock(directory.lockFile)
  if (lock === null) {
    const server = directory.readServerInfo()
    return { ...(await runningStatus(context, dataDir)), ...(server !== undefined && { server }) }
  }
  try {
    const znodes = options.znodes ? await readZnodes(directory) : undefined
    return { state: 'stopped', target: dataDir, ...(znodes !== undefined && { znodes }) }
  } finally {
    lock.release()
  }
}

async function runningStatus(context: CommandContext, target: string): Promise<Status> {
  const { admin } = await context.target()
  const [cluster, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()])
  return {
    state: 'running',
    target,
    clusterId: cluster.clusterId,
    controller: cluster.controllerId,
    brokers: cluster.brokers.map(({ id, host, port, rack }) => ({ id, address: `${host}:${port}`, rack })),
    topics: topics.filter((topic) => !topic.isInternal).length,
    partitions: topics.reduce((sum, topic) => sum + topic.partitions.length, 0),
    underReplicatedPartitions: topics.reduce((sum, topic) => sum + underReplicated(topic), 0),
  }
}

function text(status: Status): string {
  const lines = [`State:       ${STATES[status.state]}`, `Target:      ${status.target}`]
  if (status.server !== undefined) {
    const { pid, kind, addresses } = status.server
    lines.push(
      `Served by:   process ${pid}, a ${kind === 'server' ? 'server' : 'command that will end by itself'}`,
    )
    if (addresses.length > 0) lines.push(`Listens on:  ${addresses.join(',')}`)
  }
  if (status.brokers !== undefined) {
    lines.push(`Cluster id:  ${status.clusterId ?? '-'}`)
    const marked = status.brokers.map(
      ({ id, address }) => `${id} (${address}${id === status.controller ? ', controller' : ''})`,
    )
    lines.push(`Brokers:     ${marked.join(', ')}`)
    lines.push(
      `Topics:      ${status.topics} with ${status.partitions} partitions, ${status.underReplicatedPartitions} under-replicated`,
    )
  }
  for (const { path, data } of status.znodes ?? []) lines.push(data === null ? path : `${path}  ${data}`)
  return `${lines.join('\n')}\n`
}

const STATES = {
  running: 'running',
  stopped: 'stopped (the next command runs it)',
  missing: 'no cluster yet (the first command makes it)',
} as const
