import type { ClientCore } from '../core.ts'
import { BrokerError, type Connection } from '../net/index.ts'
import { byLeader, requirePartitions, type TopicPartition } from '../offsets.ts'

/**
 * Asks the leader of each partition, all leaders at once, and again what could not be answered yet, for
 * default.api.timeout.ms (PartitionLeaderStrategy of Kafka's admin client). `ask` gives an answer, or why there is none, by
 * `TOPIC-PARTITION`; answers come in the order of `wanted`.
 */
export async function askLeaders<W extends TopicPartition, R>(
  core: ClientCore,
  wanted: readonly W[],
  ask: (connection: Connection, wanted: readonly W[]) => Promise<ReadonlyMap<string, R | BrokerError>>,
): Promise<{ readonly at: W; readonly answer: R | BrokerError }[]> {
  await requirePartitions(core, wanted)
  const answers = new Map<string, R | BrokerError>()
  await core.retry(async () => {
    const left = wanted.filter((at) => !answers.has(partitionName(at)))
    let again: BrokerError | undefined
    const askOne = async ([leader, group]: [number, W[]]) => {
      for (const [name, answer] of await ask(await core.connectionTo(leader), group)) {
        if (answer instanceof BrokerError && answer.retriable) again = answer
        else answers.set(name, answer)
      }
    }
    try {
      await Promise.all([...byLeader(core, left)].map(askOne))
      if (again !== undefined) throw again
    } catch (error) {
      await core.requestUpdate(left.map(({ topic }) => topic))
      throw error
    }
  })
  return wanted.flatMap((at) => {
    const answer = answers.get(partitionName(at))
    return answer === undefined ? [] : [{ at, answer }]
  })
}

export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** Groups by topic, in the order in which topics are named first. */
export function byTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const each of partitions) {
    const group = groups.get(each.topic)
    if (group === undefined) groups.set(each.topic, [each])
    else group.push(each)
  }
  return [...groups]
}
