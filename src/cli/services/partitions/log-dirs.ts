import { KcliError } from '../../../base/errors.ts'
import type { Admin, LogDirDescription, ReplicaLogDir, ReplicaLogDirResult } from '../../../client/index.ts'
import { ANY_LOG_DIR, type PlannedPartition } from './plan-file.ts'

/** A replica that goes, or is going, to another directory of its broker. */
export interface LogDirMove extends ReplicaLogDir {
  /** Null: the broker is going to get the replica. */
  readonly from: string | null
}

/** Of replicas whose plan names a directory: those that are not there. Throws KCLI_PLAN for a directory that there is not. */
export async function plannedLogDirMoves(
  admin: Admin,
  plan: readonly PlannedPartition[],
): Promise<LogDirMove[]> {
  const wanted = plan.flatMap(({ topic, partition, replicas, logDirs }) =>
    replicas.flatMap((broker, i) => {
      const logDir = logDirs?.[i] ?? ANY_LOG_DIR
      return logDir === ANY_LOG_DIR ? [] : { topic, partition, broker, logDir }
    }),
  )
  if (wanted.length === 0) return []
  const described = await admin.describeLogDirs([...new Set(wanted.map(({ broker }) => broker))])
  for (const each of wanted) requireLogDir(described, each)
  const infos = await admin.describeReplicaLogDirs(wanted)
  return wanted.flatMap((each, i) => {
    const { currentLogDir = null, futureLogDir = null } = infos[i] ?? {}
    const isThere = currentLogDir === each.logDir && futureLogDir === null
    return isThere ? [] : { ...each, from: currentLogDir }
  })
}

function requireLogDir(described: readonly LogDirDescription[], { broker, logDir }: ReplicaLogDir): void {
  const known = described.filter((dir) => dir.broker === broker).map((dir) => dir.logDir)
  if (known.includes(logDir)) return
  throw new KcliError('KCLI_PLAN', `broker ${broker} has no log directory ${logDir}`, {
    hint: `It has ${known.join(', ')}.`,
  })
}

/** Replicas that are on their way between directories, as far as their brokers can be asked. */
export async function logDirMovesUnderWay(
  admin: Admin,
): Promise<(LogDirMove & { readonly offsetLag: number })[]> {
  const described = await admin.describeLogDirs().catch(() => [])
  const currentOf = new Map(
    described.flatMap(({ broker, logDir, partitions }) =>
      partitions
        .filter(({ isFuture }) => !isFuture)
        .map(({ topic, partition }) => [`${topic}-${partition}@${broker}`, logDir]),
    ),
  )
  return described.flatMap(({ broker, logDir, partitions }) =>
    partitions
      .filter(({ isFuture }) => isFuture)
      .map(({ topic, partition, offsetLag }) => {
        const from = currentOf.get(`${topic}-${partition}@${broker}`) ?? null
        return { topic, partition, broker, logDir, from, offsetLag }
      }),
  )
}

/** By partition, why its replicas do not go; those that are yet to be made go there when they are. */
export async function startLogDirMoves(
  admin: Admin,
  moves: readonly LogDirMove[],
): Promise<Map<string, ReplicaLogDirResult['error']>> {
  if (moves.length === 0) return new Map()
  const results = await admin.alterReplicaLogDirs(moves)
  return new Map(
    results.flatMap(({ name, error }, i) => {
      const isAwaited = moves[i]?.from === null && error?.errorName === 'REPLICA_NOT_AVAILABLE'
      return error === null || isAwaited ? [] : [[name, error] as const]
    }),
  )
}

/** `1:/data/b`, as many as there are. */
export function logDirsText(moves: readonly ReplicaLogDir[]): string {
  return moves.map(({ broker, logDir }) => `${broker}:${logDir}`).join(',')
}

export function logDirsData(moves: readonly LogDirMove[]): object {
  if (moves.length === 0) return {}
  return { logDirs: moves.map(({ broker, from, logDir }) => ({ broker, from, to: logDir })) }
}
