import { JavaException } from '../../../base/java-exception.ts'
import type { Admin } from '../../../client/index.ts'
import { TERSE_EXCEPTION, type Tool } from '../tool.ts'
import { byPartition, parseAssignment, partitionText } from './assignment-json.ts'
import { failures } from './execute.ts'
import { findMoves, isUnderWay, startMoves } from './log-dir-moves.ts'
import { clearThrottles } from './throttles.ts'

/** `--cancel`: replicas that are on their way, between brokers or between directories, go back. */
export async function cancelAssignment(
  tool: Tool,
  admin: Admin,
  text: string,
  keepThrottles: boolean,
): Promise<void> {
  const timeoutMs = tool.options.long('timeout') ?? 0
  const { partitions, logDirs } = parseAssignment(text)
  const names = new Set(partitions.map(partitionText))
  const moving = (await tool.call('listPartitionReassignments', admin.listReassignments()))
    .filter((each) => names.has(partitionText(each)))
    // So it is in Kafka 3.9: a reassignment that only adds replicas is not taken back.
    .filter(
      ({ addingReplicas, removingReplicas }) => addingReplicas.length === 0 || removingReplicas.length > 0,
    )
    .sort(byPartition)
  if (moving.length === 0) tool.line('None of the specified partition reassignments are active.')
  else {
    const wanted = moving.map(({ topic, partition }) => ({ topic, partition, replicas: null }))
    const results = await tool.call('alterPartitionReassignments', admin.reassignPartitions(wanted))
    const failed = failures(results)
    if (failed.length > 0) {
      const plural = failed.length === 1 ? '' : 's'
      throw new JavaException(
        TERSE_EXCEPTION,
        `Error cancelling partition reassignment${plural} for:\n${failed.join('\n')}`,
      )
    }
    tool.line(
      `Successfully cancelled partition reassignment${moving.length === 1 ? '' : 's'} for: ${moving.map(partitionText).join(',')}`,
    )
  }
  const moves = (await findMoves(tool, admin, logDirs)).filter(isUnderWay)
  if (moves.length === 0) tool.print('None of the specified partition moves are active.')
  else {
    // The directory that a replica is in is where it stays.
    const back = moves.map((move) => ({ ...move, logDir: move.info.currentLogDir ?? move.logDir }))
    await startMoves(tool, admin, back, timeoutMs)
  }
  if (!keepThrottles) await clearThrottles(tool, admin, partitions)
}
