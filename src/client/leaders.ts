import { ERROR_CODES } from '../protocol/index.ts'
import type { ClientCore } from './core.ts'
import { BrokerError, ClientError, type Connection } from './net/index.ts'
import type { TopicPartition } from './offsets.ts'

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

/** Throws for a topic that does not exist and for a partition that its topic does not have. */
export async function requirePartitions(core: ClientCore, wanted: readonly TopicPartition[]): Promise<void> {
  for (const name of new Set(wanted.map((entry) => entry.topic))) {
    await core.topic(name)
    const numbers = wanted.filter((entry) => entry.topic === name).map((entry) => entry.partition)
    const isMissing = (number: number) => core.metadata.partition(name, number) === undefined
    // It may have grown since we looked.
    if (numbers.some(isMissing)) await core.retry(() => core.refresh([name]))
    const missing = numbers.find(isMissing)
    if (missing !== undefined)
      throw noPartition(name, missing, core.metadata.topic(name)?.partitions.length ?? 0)
  }
}

export function noPartition(topic: string, partition: number, count: number): ClientError {
  return new ClientError(
    'KCLI_NO_PARTITION',
    `topic '${topic}' has no partition ${partition}, it has 0 to ${count - 1}`,
    { retriable: false },
  )
}

/** Groups by the broker that leads each partition. Throws a retriable error when one has no leader. */
function byLeader<T extends TopicPartition>(core: ClientCore, wanted: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const entry of wanted) {
    const leader = core.metadata.partition(entry.topic, entry.partition)?.leader ?? -1
    if (leader < 0) {
      throw new BrokerError(
        ERROR_CODES.LEADER_NOT_AVAILABLE,
        `${entry.topic}-${entry.partition} has no leader`,
      )
    }
    const group = groups.get(leader)
    if (group === undefined) groups.set(leader, [entry])
    else group.push(entry)
  }
  return groups
}
