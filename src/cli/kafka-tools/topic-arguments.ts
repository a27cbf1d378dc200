/** What stands behind --replica-assignment and --config of kafka-topics. */
import { adminCommandFailed, adminOperation, configException } from './java-errors.ts'
import { illegalArgument, javaInt, javaSplit } from './java-lang.ts'

/** CommandTopicPartition.parseReplicaAssignment: the brokers of each partition; undefined where none is named. */
export function parseReplicaAssignment(text: string | undefined): number[][] | undefined {
  if (!text) return undefined
  const partitions = javaSplit(text, /,/).map((brokers) =>
    javaSplit(brokers, /:/).map((id) => javaInt(id.trim())),
  )
  if (partitions.length === 0) return undefined
  partitions.forEach((brokers, i) => {
    const twice = [...new Set(brokers.filter((id, at) => brokers.indexOf(id) !== at))]
    if (twice.length > 0) {
      throw adminCommandFailed(
        `Partition replica lists may not contain duplicate entries: ${twice.join(',')}`,
      )
    }
    if (brokers.length !== partitions[0]?.length) {
      throw adminOperation(`Partition ${i} has different replication factor: [${brokers.join(', ')}]`)
    }
  })
  return partitions
}

/** `key=value` each. Names and values are checked here already. */
export async function parseConfigs(words: readonly string[]): Promise<Record<string, string>> {
  if (words.length === 0) return {}
  const pairs = words.map((word) => javaSplit(word, /\s*=\s*/))
  if (pairs.some((pair) => pair.length !== 2)) {
    throw illegalArgument(
      'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
    )
  }
  const configs = new Map(pairs.map(([key = '', value = '']) => [key.trim(), value.trim()]))
  // Brokers are loaded for those who set something only.
  const { validateTopicConfigs } = await import('../../broker/index.ts')
  try {
    validateTopicConfigs(configs)
  } catch (error) {
    throw configException(error)
  }
  return Object.fromEntries(configs)
}
