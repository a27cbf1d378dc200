import type { Admin, LogDirDescription } from '../../../client/index.ts'
import { DataDirectory, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'

/** One broker and what it carries. */
export interface BrokerFacts {
  readonly id: number
  /** Null when it can be reached through the data directory only. */
  readonly address: string | null
  readonly rack: string | null
  readonly isController: boolean
  readonly leaders: number
  readonly replicas: number
  /** Replicas of it that are not in sync. */
  readonly outOfSync: number
  readonly logDirs: readonly LogDirDescription[]
  /** Why it did not tell of its log directories; null when it did. */
  readonly silence: string | null
}

export async function brokerFacts(context: CommandContext, ids?: readonly number[]): Promise<BrokerFacts[]> {
  const { admin, dataDir } = await context.target()
  const [{ brokers, controllerId }, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()])
  const partitions = topics.flatMap((topic) => topic.partitions)
  const local =
    dataDir === undefined
      ? undefined
      : localAddresses(
          dataDir,
          brokers.map(({ id }) => id),
        )
  const wanted = brokers.filter(({ id }) => ids === undefined || ids.includes(id))
  return Promise.all(
    wanted.map(async (broker) => {
      const { id, host, port, rack } = broker
      const own = partitions.filter(({ replicas }) => replicas.includes(id))
      const { logDirs, silence } = await logDirsOf(admin, id)
      return {
        id,
        address: local === undefined ? `${host}:${port}` : (local.get(id) ?? null),
        rack,
        isController: id === controllerId,
        leaders: partitions.filter(({ leader }) => leader === id).length,
        replicas: own.length,
        outOfSync: own.filter(({ isr }) => !isr.includes(id)).length,
        logDirs,
        silence,
      }
    }),
  )
}

/** Where the brokers of a local cluster listen for others, if they do: in the order of their ids, the dead ones included. */
function localAddresses(dataDir: string, alive: readonly number[]): Map<number, string> {
  const server = new DataDirectory(systemPorts().fs, dataDir).readServerInfo()
  const ids = [...new Set([...alive, ...(server?.down ?? [])])].sort((a, b) => a - b)
  return new Map(
    ids.flatMap((id, index) => (server?.addresses[index] ? [[id, server.addresses[index]]] : [])),
  )
}

/** A broker that does not answer must not hide the others. */
async function logDirsOf(admin: Admin, id: number): Promise<Pick<BrokerFacts, 'logDirs' | 'silence'>> {
  try {
    return { logDirs: await admin.describeLogDirs([id]), silence: null }
  } catch (error) {
    return { logDirs: [], silence: error instanceof Error ? error.message : String(error) }
  }
}

export function sizeBytes(logDirs: readonly LogDirDescription[]): number {
  return logDirs.reduce((sum, dir) => sum + dirBytes(dir), 0)
}

export function dirBytes({ partitions }: LogDirDescription): number {
  return partitions.reduce((sum, partition) => sum + partition.sizeBytes, 0)
}
