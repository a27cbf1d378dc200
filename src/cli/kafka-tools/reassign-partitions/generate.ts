import { systemRandom } from '../../../base/random.ts'
import { ApiError, assignReplicas } from '../../../broker/index.ts'
import type { Admin } from '../../../client/index.ts'
import { adminOperation, kafkaException } from '../java-errors.ts'
import { javaHashOrder, partitionHash } from '../java-hash-order.ts'
import type { Tool } from '../tool.ts'
import { type AssignedPartition, assignmentJson, parseGenerateArgs } from './assignment-json.ts'
import { assignmentOfTopics } from './current.ts'

/** `--generate`: an assignment of these topics to these brokers, spread from a random broker on. */
export async function generateAssignment(tool: Tool, admin: Admin, text: string): Promise<void> {
  const { topics, brokers } = parseGenerateArgs(text, tool.options.value('broker-list') ?? '')
  const current = await assignmentOfTopics(tool, admin, topics)
  const { brokers: nodes } = await tool.call('listNodes', admin.describeCluster())
  const isRackAware = !tool.options.has('disable-rack-aware')
  const candidates = nodes
    .filter(({ id }) => brokers.includes(id))
    .map(({ id, rack }) => ({ id, rack: isRackAware ? rack : null }))
  const rackless = candidates.filter(({ rack }) => rack === null).length
  if (isRackAware && rackless > 0 && rackless < candidates.length) {
    throw adminOperation(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    )
  }
  // A topic has the replication factor of that of its partitions that comes first in Kafka's HashMap.
  const proposed = propose(javaHashOrder(current, partitionHash), candidates)
  tool.line(`Current partition replica assignment\n${assignmentJson(current)}\n`)
  tool.line(`Proposed partition reassignment configuration\n${assignmentJson(proposed)}`)
}

function propose(
  current: readonly AssignedPartition[],
  brokers: readonly { readonly id: number; readonly rack: string | null }[],
): AssignedPartition[] {
  return [...new Set(current.map(({ topic }) => topic))].flatMap((topic) => {
    const own = current.filter((each) => each.topic === topic)
    try {
      const assigned = assignReplicas(brokers, own.length, own[0]?.replicas.length ?? 0, systemRandom)
      return [...assigned].map(([partition, replicas]) => ({ topic, partition, replicas }))
    } catch (error) {
      throw error instanceof ApiError ? kafkaException(error.errorName, error.message, error) : error
    }
  })
}
