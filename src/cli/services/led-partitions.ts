import { sleep } from '../../base/clock.ts'
import type { TopicPartition } from '../../client/index.ts'
import { partitionName } from '../../lag/index.ts'
import type { CommandContext } from '../context.ts'
import { readable } from '../offline.ts'

/** How long a partition may take to get a leader: an election after the session of a dead broker. */
const PATIENCE_MS = 5_000
const LOOK_AGAIN_MS = 250

/**
 * Those of the partitions that exist and have a leader, each once, in their order. The others cannot be asked: that a topic
 * is gone is no failure; a partition that stays without a leader is left out, which is said.
 */
export async function ledPartitions(
  context: CommandContext,
  partitions: readonly TopicPartition[],
): Promise<TopicPartition[]> {
  const target = await context.target()
  const wanted = new Map(
    partitions.map(({ topic, partition }) => [partitionName({ topic, partition }), { topic, partition }]),
  )
  const names = [...new Set(partitions.map(({ topic }) => topic))]
  if (names.length === 0) return []
  const untilMs = context.clock.monotonicMs() + Math.min(PATIENCE_MS, context.timeoutMs)
  for (;;) {
    const leaders = new Map<string, number>()
    for (const { name: topic, partitions } of await target.admin.describeTopics(names))
      for (const { partition, leader } of partitions) leaders.set(partitionName({ topic, partition }), leader)
    const there = [...wanted].filter(([name]) => leaders.has(name))
    if (target.offline !== undefined)
      return [
        ...readable(
          target,
          there.map(([, at]) => at),
        ),
      ]
    const without = there.filter(([name]) => (leaders.get(name) ?? -1) < 0)
    const isLate = context.clock.monotonicMs() >= untilMs || context.signal.aborted
    if (without.length > 0 && !isLate) {
      await sleep(context.clock, LOOK_AGAIN_MS)
      continue
    }
    for (const [name] of without)
      context.leaveOut(`${name} has no leader and is left out; see why with: kcli partitions list`)
    return there.filter((each) => !without.includes(each)).map(([, at]) => at)
  }
}
