import type { ListedOffset, OffsetSpec, TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { parseTime } from '../../records/offset-grammar.ts'
import { ledPartitions } from '../led-partitions.ts'
import { selectTopics, type TopicSelection } from './select.ts'

export interface TopicOffsetsOptions extends TopicSelection {
  readonly partitions: readonly number[]
  /** Kafka's words and numbers, or a time; both ends when undefined. */
  readonly time: string | undefined
}

interface Row extends TopicPartition {
  readonly earliest: number
  readonly latest: number
}

/** Both ends of every partition and what lies between, or the offset at one time. */
export async function topicOffsets(
  context: CommandContext,
  options: TopicOffsetsOptions,
): Promise<undefined> {
  const { admin } = await context.target()
  const topics = await selectTopics(admin, options)
  const existing = topics.flatMap((topic) =>
    topic.partitions
      .filter(({ partition }) => options.partitions.length === 0 || options.partitions.includes(partition))
      .map(({ partition }) => ({ topic: topic.name, partition })),
  )
  if (existing.length === 0 && options.partitions.length > 0)
    throw new UsageError('no topic has such a partition')
  const partitions = await ledPartitions(context, existing)
  const ask = (spec: OffsetSpec) => admin.listOffsets(partitions.map((at) => ({ ...at, spec })))
  if (options.time !== undefined) {
    await showOne(context, await ask(specOf(options.time, context.clock.nowMs())))
    return undefined
  }
  const [starts, ends] = await Promise.all([ask('earliest'), ask('latest')])
  const rows = partitions.map((at, i) => ({
    ...at,
    earliest: starts[i]?.offset ?? -1,
    latest: ends[i]?.offset ?? -1,
  }))
  await showBoth(context, rows)
  return undefined
}

async function showBoth(context: CommandContext, rows: readonly Row[]): Promise<void> {
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: (row) => row.topic },
      { header: 'PARTITION', value: (row) => row.partition },
      { header: 'EARLIEST', value: (row) => row.earliest },
      { header: 'LATEST', value: (row) => row.latest },
      { header: 'OFFSETS', value: (row) => row.latest - row.earliest },
    ],
    data: ({ topic, partition, earliest, latest }) => ({ topic, partition, earliest, latest }),
    name: (row) => `${row.topic}:${row.partition}:${row.latest}`,
  })
}

async function showOne(context: CommandContext, found: readonly ListedOffset[]): Promise<void> {
  await context.out.view({
    rows: found,
    columns: [
      { header: 'TOPIC', value: (row) => row.topic },
      { header: 'PARTITION', value: (row) => row.partition },
      { header: 'OFFSET', value: (row) => (row.offset < 0 ? '' : row.offset) },
      { header: 'TIMESTAMP', value: (row) => (row.timestampMs < 0 ? '' : row.timestampMs), wide: true },
    ],
    data: ({ topic, partition, offset, timestampMs }) => ({
      topic,
      partition,
      offset: offset < 0 ? null : offset,
      timestamp: timestampMs < 0 ? null : timestampMs,
    }),
    name: (row) => `${row.topic}:${row.partition}:${row.offset < 0 ? '' : row.offset}`,
  })
}

/** The words and negative numbers of kafka-get-offsets, else a time. */
export function specOf(text: string, nowMs: number): OffsetSpec {
  switch (text) {
    case 'latest':
    case '-1':
      return 'latest'
    case 'earliest':
    case '-2':
      return 'earliest'
    case 'max-timestamp':
    case '-3':
      return 'maxTimestamp'
    case 'earliest-local':
    case '-4':
    case 'latest-tiered':
    case '-5':
      throw new UsageError(`--time ${text} is about tiered storage, which kcli does not have`)
    default:
      // Kafka's tool takes plain milliseconds, however few digits they have.
      return {
        timestampMs: /^\d{1,15}$/.test(text) ? Number(text) : parseTime(text.replace(/^@/, ''), nowMs),
      }
  }
}
