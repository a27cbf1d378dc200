import type { LogDirDescription, Reassignment, TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { InterruptedError } from '../../exit-codes.ts'
import { Meter } from '../../output/meter.ts'

const POLL_MS = 500

/** Of one partition, or of one replica that moves inside its broker. */
interface Copying {
  readonly name: string
  readonly copiedBytes: number
  readonly allBytes: number
}

/** Resolves when none of these partitions moves any more; shows how far they are. */
export async function waitForMoves(
  context: CommandContext,
  isMeant: (partition: TopicPartition) => boolean,
): Promise<void> {
  const { admin } = await context.target()
  const meter = new Meter({ clock: context.clock, unit: 'bytes' })
  const seen = new Map<string, Copying>()
  let left = 0
  const progress = context.progress(() => {
    const all = [...seen.values()]
    const label = `Moving partitions: ${all.length - left} of ${all.length} done`
    return meter.line(label, sum(all.map((each) => each.copiedBytes)), sum(all.map((each) => each.allBytes)))
  })
  try {
    for (;;) {
      const moves = (await admin.listReassignments({ timeoutMs: context.timeoutMs })).filter(isMeant)
      const described = await admin.describeLogDirs().catch(() => [])
      const now = [...betweenBrokers(described, moves), ...insideBrokers(described, isMeant)]
      if (now.length === 0) return
      // What is not on its way any more has arrived.
      for (const [name, each] of seen) seen.set(name, { ...each, copiedBytes: each.allBytes })
      for (const each of now) seen.set(each.name, each)
      left = now.length
      await pause(context)
    }
  } finally {
    progress.stop()
  }
}

/** What new replicas have, and what they will have. */
function betweenBrokers(described: readonly LogDirDescription[], moving: readonly Reassignment[]): Copying[] {
  const sizes = new Map<string, number>()
  for (const { broker, partitions } of described) {
    for (const { topic, partition, sizeBytes, isFuture } of partitions) {
      if (!isFuture) sizes.set(`${topic}-${partition}@${broker}`, sizeBytes)
    }
  }
  return moving.map(({ topic, partition, replicas, addingReplicas }) => {
    const sizeAt = (id: number) => sizes.get(`${topic}-${partition}@${id}`) ?? 0
    const fullBytes = Math.max(...replicas.map(sizeAt))
    return {
      name: `${topic}-${partition}`,
      copiedBytes: sum(addingReplicas.map((id) => Math.min(sizeAt(id), fullBytes))),
      allBytes: fullBytes * addingReplicas.length,
    }
  })
}

/** Replicas on their way between directories: what has been copied, and what will have been. */
function insideBrokers(
  described: readonly LogDirDescription[],
  isMeant: (partition: TopicPartition) => boolean,
): Copying[] {
  return described.flatMap(({ broker, partitions }) =>
    partitions
      .filter((each) => each.isFuture && isMeant(each))
      .map(({ topic, partition, sizeBytes: copiedBytes }) => {
        const current = described
          .filter((dir) => dir.broker === broker)
          .flatMap((dir) => dir.partitions)
          .find((each) => !each.isFuture && each.topic === topic && each.partition === partition)
        const allBytes = Math.max(copiedBytes, current?.sizeBytes ?? 0)
        return { name: `${topic}-${partition}@${broker}`, copiedBytes, allBytes }
      }),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function pause({ clock, signal, out }: CommandContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      timer.cancel()
      out.note('The brokers carry on. Wait for them with: kcli partitions reassign --wait')
      reject(signal.reason instanceof Error ? signal.reason : new InterruptedError(undefined))
    }
    const timer = clock.setTimer(POLL_MS, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
