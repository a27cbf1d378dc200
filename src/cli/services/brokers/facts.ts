import type { Admin, BrokerNode, LogDirDescription } from '../../../client/index.ts'

/** One broker and what it carries. */
export interface BrokerFacts {
  readonly broker: BrokerNode
  readonly isController: boolean
  readonly leaders: number
  readonly replicas: number
  /** Replicas of it that are not in sync. */
  readonly outOfSync: number
  readonly logDirs: readonly LogDirDescription[]
  /** Why it did not tell of its log directories; null when it did. */
  readonly silence: string | null
}

export async function brokerFacts(admin: Admin, ids?: readonly number[]): Promise<BrokerFacts[]> {
  const [{ brokers, controllerId }, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()])
  const partitions = topics.flatMap((topic) => topic.partitions)
  const wanted = brokers.filter(({ id }) => ids === undefined || ids.includes(id))
  return Promise.all(
    wanted.map(async (broker) => {
      const { id } = broker
      const own = partitions.filter(({ replicas }) => replicas.includes(id))
      const { logDirs, silence } = await logDirsOf(admin, id)
      return {
        broker,
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
