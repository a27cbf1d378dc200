import type { LogDirDescription, Reassignment, TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { InterruptedError } from '../../exit-codes.ts'
import { sizeText } from '../../output/text.ts'

const POLL_MS = 500

/** Resolves when none of these partitions moves any more; shows how far they are. */
export async function waitForMoves(
  context: CommandContext,
  isMeant: (partition: TopicPartition) => boolean,
): Promise<void> {
  const { admin } = await context.target()
  let text = 'Moving partitions'
  let total = 0
  const progress = context.progress(() => text)
  try {
    for (;;) {
      const left = (await admin.listReassignments({ timeoutMs: context.timeoutMs })).filter(isMeant)
      const described = await admin.describeLogDirs().catch(() => [])
      const inside = insideBrokers(described).filter(isMeant)
      if (left.length + inside.length === 0) return
      total = Math.max(total, left.length + inside.length)
      const between = bytesOf(described, left)
      const copiedBytes = between.copiedBytes + sum(inside.map((each) => each.copiedBytes))
      const allBytes = between.allBytes + sum(inside.map((each) => each.allBytes))
      text = `Moving partitions: ${total - left.length - inside.length} of ${total} done, ${sizeText(copiedBytes)} of ${sizeText(allBytes)} of the rest copied`
      await pause(context)
    }
  } finally {
    progress.stop()
  }
}

/** What new replicas have, and what they will have. */
function bytesOf(
  described: readonly LogDirDescription[],
  moving: readonly Reassignment[],
): { copiedBytes: number; allBytes: number } {
  const sizes = new Map<string, number>()
  for (const { broker, partitions } of described) {
    for (const { topic, partition, sizeBytes, isFuture } of partitions) {
      if (!isFuture) sizes.set(`${topic}-${partition}@${broker}`, sizeBytes)
    }
  }
  let copiedBytes = 0
  let allBytes = 0
  for (const { topic, partition, replicas, addingReplicas } of moving) {
    const sizeAt = (id: number) => sizes.get(`${topic}-${partition}@${id}`) ?? 0
    const fullBytes = Math.max(...replicas.map(sizeAt))
    for (const id of addingReplicas) {
      copiedBytes += Math.min(sizeAt(id), fullBytes)
      allBytes += fullBytes
    }
  }
  return { copiedBytes, allBytes }
}

/** Replicas on their way between directories: what has been copied, and what will have been. */
function insideBrokers(
  described: readonly LogDirDescription[],
): (TopicPartition & { copiedBytes: number; allBytes: number })[] {
  return described.flatMap(({ broker, partitions }) =>
    partitions
      .filter(({ isFuture }) => isFuture)
      .map(({ topic, partition, sizeBytes: copiedBytes }) => {
        const current = described
          .filter((dir) => dir.broker === broker)
          .flatMap((dir) => dir.partitions)
          .find((each) => !each.isFuture && each.topic === topic && each.partition === partition)
        return { topic, partition, copiedBytes, allBytes: Math.max(copiedBytes, current?.sizeBytes ?? 0) }
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
