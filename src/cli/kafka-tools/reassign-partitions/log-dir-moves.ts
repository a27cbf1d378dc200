/** Replicas that kafka-reassign-partitions moves between the directories of their brokers (KIP-113). */
import { sleep } from '../../../base/clock.ts'
import { JavaException } from '../../../base/java-exception.ts'
import type { Admin, ReplicaLogDir, ReplicaLogDirInfo } from '../../../client/index.ts'
import { adminCommandFailed } from '../java-errors.ts'
import { TERSE_EXCEPTION, type Tool } from '../tool.ts'
import { byReplica, partitionText, replicaText } from './assignment-json.ts'

const RETRY_MS = 100

/** A replica, where it is to be, and what its broker says of it. */
export interface LogDirMove extends ReplicaLogDir {
  readonly info: ReplicaLogDirInfo
}

export async function findMoves(
  tool: Tool,
  admin: Admin,
  wanted: readonly ReplicaLogDir[],
): Promise<LogDirMove[]> {
  const infos = await tool.call('describeReplicaLogDirs', admin.describeReplicaLogDirs(wanted))
  return wanted.flatMap((each, i) => {
    const info = infos[i]
    return info === undefined ? [] : { ...each, info }
  })
}

export function isUnderWay({ info }: LogDirMove): boolean {
  return info.currentLogDir !== null && info.futureLogDir !== null
}

/** replicaMoveStatesToString */
export function movesText(moves: readonly LogDirMove[]): string {
  return [...moves].sort(byReplica).map(moveText).join('\n')
}

function moveText(move: LogDirMove): string {
  const { broker, logDir, info } = move
  const name = partitionText(move)
  const { currentLogDir, futureLogDir } = info
  if (currentLogDir === null) {
    return `Partition ${name} is not found in any live log dir on broker ${broker}. There is likely an offline log directory on the broker.`
  }
  if (futureLogDir === null) {
    return currentLogDir === logDir
      ? `Reassignment of replica ${replicaText(move)} completed successfully.`
      : `Partition ${name} on broker ${broker} is not being moved from log dir ${currentLogDir} to ${logDir}.`
  }
  return futureLogDir === logDir
    ? `Reassignment of replica ${replicaText(move)} is still in progress.`
    : `Partition ${name} on broker ${broker} is being moved to log dir ${futureLogDir} instead of ${logDir}.`
}

/** A replica that is yet to come to its broker cannot be moved there; it is asked for again until it can. */
export async function startMoves(
  tool: Tool,
  admin: Admin,
  wanted: readonly ReplicaLogDir[],
  timeoutMs: number,
): Promise<void> {
  const { clock, signal } = tool.context
  const startMs = clock.nowMs()
  for (let pending = [...wanted].sort(byReplica); ; await sleep(clock, RETRY_MS)) {
    signal.throwIfAborted()
    const results = await tool.call('alterReplicaLogDirs', admin.alterReplicaLogDirs(pending))
    const failed = results.find(({ error }) => error !== null && error.errorName !== 'REPLICA_NOT_AVAILABLE')
    if (failed !== undefined) throw adminCommandFailed(`Failed to alter dir for ${replicaText(failed)}`)
    pending = pending.filter((each, i) => {
      if (results[i]?.error !== null) return true
      tool.line(
        `Successfully started moving log directory to ${each.logDir} for replica ${partitionText(each)} with broker ${each.broker} `,
      )
      return false
    })
    if (pending.length === 0) return
    if (clock.nowMs() >= startMs + timeoutMs) {
      throw new JavaException(
        TERSE_EXCEPTION,
        `Timed out before log directory move${pending.length === 1 ? '' : 's'} could be started for: ${pending.map(replicaText).join(',')}`,
      )
    }
  }
}
