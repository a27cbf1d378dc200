import type { TopicPartition } from '../../../client/index.ts'
import { byPartition, partitionName } from '../../../lag/index.ts'
import { UsageError } from '../../exit-codes.ts'
import { parsePartitions } from '../../flags.ts'
import type { Target } from '../../target.ts'
import { selectTopics } from '../topics/select.ts'

/** `orders`, `orders:0,2-4`: a topic, and which of its partitions; all when null. */
export interface TopicScope {
  readonly topic: string
  readonly partitions: readonly number[] | null
}

export function parseScopes(words: readonly string[]): TopicScope[] {
  return words.map((word) => {
    const at = word.indexOf(':')
    if (at === -1) return { topic: word, partitions: null }
    const [topic, numbers] = [word.slice(0, at), word.slice(at + 1)]
    if (topic === '' || numbers === '')
      throw new UsageError(`'${word}' is no topic with partitions`, 'Write it as orders or orders:0,2-4.')
    return { topic, partitions: parsePartitions([numbers]) }
  })
}

/** The partitions that are meant, by name. Throws for what the cluster does not have. */
export async function partitionsOf(target: Target, scopes: readonly TopicScope[]): Promise<TopicPartition[]> {
  const names = [...new Set(scopes.map(({ topic }) => topic))]
  if (names.length === 0) return []
  const topics = await selectTopics(target.admin, { names, regex: false, includeInternal: true })
  const found = new Map<string, TopicPartition>()
  for (const { topic, partitions } of scopes) {
    const all = topics.find(({ name }) => name === topic)?.partitions.map(({ partition }) => partition) ?? []
    const missing = partitions?.find((number) => !all.includes(number))
    if (missing !== undefined)
      throw new UsageError(`topic '${topic}' has no partition ${missing}`, `It has 0 to ${all.length - 1}.`)
    for (const partition of partitions ?? all)
      found.set(partitionName({ topic, partition }), { topic, partition })
  }
  return [...found.values()].sort(byPartition)
}

/** Whether one of the scopes names the partition; all are meant when there is none. */
export function isInScope({ topic, partition }: TopicPartition, scopes: readonly TopicScope[]): boolean {
  if (scopes.length === 0) return true
  return scopes.some(
    (scope) => scope.topic === topic && (scope.partitions === null || scope.partitions.includes(partition)),
  )
}
