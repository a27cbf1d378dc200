import { JavaException } from '../../../base/java-exception.ts'
import type { Admin } from '../../../client/index.ts'
import { executionException } from '../java-errors.ts'
import type { Tool } from '../tool.ts'
import { type AssignedPartition, byPartition, parseAssignment, partitionText } from './assignment-json.ts'
import { topicError } from './current.ts'
import { findMoves, isUnderWay, movesText } from './log-dir-moves.ts'
import { clearThrottles } from './throttles.ts'

/** `--verify`: how far everything is. When it is there, the throttles go. */
export async function verifyAssignment(
  tool: Tool,
  admin: Admin,
  text: string,
  keepThrottles: boolean,
): Promise<void> {
  const { partitions, logDirs } = parseAssignment(text)
  const current = await tool.call('listPartitionReassignments', admin.listReassignments())
  const moving = new Set(current.map(partitionText))
  // The last word counts where a partition is named twice.
  const targets = new Map(partitions.map((each) => [partitionText(each), each]))
  const settled = [...targets.values()].filter((each) => !moving.has(partitionText(each)))
  const replicasNow = await settledReplicas(tool, admin, settled)
  tool.line('Status of partition reassignment:')
  for (const target of [...targets.values()].sort(byPartition)) {
    const name = partitionText(target)
    tool.line(statusText(name, target.replicas, replicasNow.get(name)))
  }
  const moves = await findMoves(tool, admin, logDirs)
  tool.line(movesText(moves))
  const isDone = current.length === 0 && !moves.some(isUnderWay)
  if (isDone && !keepThrottles) await clearThrottles(tool, admin, partitions)
}

function statusText(name: string, wanted: readonly number[], now: readonly number[] | undefined): string {
  if (now === undefined) return `Reassignment of partition ${name} is still in progress.`
  if (now.join() === wanted.join()) return `Reassignment of partition ${name} is completed.`
  return `There is no active reassignment of partition ${name}, but replica set is ${now.join(',')} rather than ${wanted.join(',')}.`
}

/** The replicas of partitions that do not move; none where there is no such partition. */
async function settledReplicas(
  tool: Tool,
  admin: Admin,
  targets: readonly AssignedPartition[],
): Promise<Map<string, readonly number[]>> {
  const names = [...new Set(targets.map(({ topic }) => topic))]
  const described = await tool.call('describeTopics', admin.describeTopics(names))
  const topics = new Map(described.map((topic) => [topic.name, topic]))
  return new Map(
    targets.map((target) => {
      const topic = topics.get(target.topic)
      const error = topic && topicError(topic)
      if (error !== undefined && !error.className.endsWith('.UnknownTopicOrPartitionException'))
        throw executionException(error)
      const partitions = topic?.partitions ?? []
      // Kafka's tool takes the first number that is not there for one that is.
      if (error === undefined && partitions.length === target.partition) {
        throw new JavaException(
          'java.lang.IndexOutOfBoundsException',
          `Index ${target.partition} out of bounds for length ${partitions.length}`,
        )
      }
      return [partitionText(target), partitions[target.partition]?.replicas ?? []]
    }),
  )
}

/** `--list` */
export async function listReassignments(tool: Tool, admin: Admin): Promise<void> {
  const current = await tool.call('listPartitionReassignments', admin.listReassignments())
  if (current.length === 0) {
    tool.line('No partition reassignments found.')
    return
  }
  tool.line('Current partition reassignments:')
  for (const { replicas, addingReplicas, removingReplicas, ...at } of [...current].sort(byPartition)) {
    const adding = addingReplicas.length === 0 ? '' : ` adding: ${addingReplicas.join(',')}.`
    const removing = removingReplicas.length === 0 ? '' : ` removing: ${removingReplicas.join(',')}.`
    tool.line(`${partitionText(at)}: replicas: ${replicas.join(',')}.${adding}${removing}`)
  }
}
