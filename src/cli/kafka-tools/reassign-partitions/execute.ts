import { JavaException } from '../../../base/java-exception.ts'
import type { Admin, PartitionResult } from '../../../client/index.ts'
import { adminCommandFailed, kafkaException } from '../java-errors.ts'
import { javaHashOrder } from '../java-hash-order.ts'
import { TERSE_EXCEPTION, type Tool } from '../tool.ts'
import { assignmentJson, byPartition, parseProposal, partitionText } from './assignment-json.ts'
import { assignmentOfPartitions } from './current.ts'
import { startMoves } from './log-dir-moves.ts'
import { allMoves, throttleLogDirs, throttleMoves } from './throttles.ts'

/** `--execute` */
export async function executeAssignment(tool: Tool, admin: Admin, text: string): Promise<void> {
  const { options } = tool
  const throttle = options.long('throttle') ?? -1
  const logDirThrottle = options.long('replica-alter-log-dirs-throttle') ?? -1
  const timeoutMs = options.long('timeout') ?? 0
  const proposal = parseProposal(text)
  const { partitions, logDirs } = proposal
  const moving = await tool.call('listPartitionReassignments', admin.listReassignments())
  if (moving.length > 0 && !options.has('additional')) {
    throw new JavaException(
      TERSE_EXCEPTION,
      'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.',
    )
  }
  const { brokers: nodes } = await tool.call('listNodes', admin.describeCluster())
  const ids = [...new Set(partitions.flatMap(({ replicas }) => replicas))]
  const unknown = javaHashOrder(ids, (id) => id).find((id) => !nodes.some((node) => node.id === id))
  if (unknown !== undefined) throw adminCommandFailed(`Unknown broker id ${unknown}`)
  const current = await assignmentOfPartitions(tool, admin, partitions)
  tool.line(
    `Current partition replica assignment\n\n${assignmentJson(current)}\n\nSave this to use as the --reassignment-json-file option during rollback`,
  )
  if (throttle >= 0 || logDirThrottle >= 0) {
    tool.line(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
    )
    if (throttle >= 0) await throttleMoves(tool, admin, allMoves(moving, partitions, current), throttle)
    if (logDirThrottle >= 0) await throttleLogDirs(tool, admin, proposal, logDirThrottle)
  }
  const results = await tool.call('alterPartitionReassignments', admin.reassignPartitions(partitions))
  const failed = failures(results)
  if (failed.length > 0)
    throw new JavaException(TERSE_EXCEPTION, `Error reassigning partition(s):\n${failed.join('\n')}`)
  const names = [...partitions].sort(byPartition).map(partitionText)
  tool.line(
    `Successfully started partition reassignment${names.length === 1 ? '' : 's'} for ${names.join(',')}`,
  )
  if (logDirs.length > 0) await startMoves(tool, admin, logDirs, timeoutMs)
}

/** `partition: why`, in order. */
export function failures(results: readonly PartitionResult[]): string[] {
  return [...results].sort(byPartition).flatMap(({ error, ...at }) => {
    if (error === null) return []
    return `${partitionText(at)}: ${kafkaException(error.errorName, error.brokerMessage).text}`
  })
}
