import type { OffsetSpec, TopicPartition } from '../../../client/index.ts'
import { partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { ledPartitions } from '../led-partitions.ts'

/**
 * Offsets by partition, each asked for once. Partitions of topics that do not exist (any more) are not among them: a
 * group may have committed offsets of them. For a time that no record has reached it is the end.
 */
export async function logEnds(
  context: CommandContext,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): Promise<Map<string, number>> {
  const existing = await ledPartitions(context, partitions)
  if (existing.length === 0) return new Map()
  const { admin } = await context.target()
  const found = await admin.listOffsets(existing.map((at) => ({ ...at, spec })))
  const late = found.filter(({ offset }) => offset < 0)
  const ends =
    late.length === 0
      ? []
      : await admin.listOffsets(
          late.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' as const })),
        )
  return new Map([...found, ...ends].map((at) => [partitionName(at), at.offset]))
}
