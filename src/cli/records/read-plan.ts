import type { Consumer, TopicPartition } from '../../client/index.ts'
import { END, type OffsetRange, type Point } from './offset-grammar.ts'

/** One partition, from an offset up to (not including) another. `end` undefined means without end. */
export interface PartitionPlan extends TopicPartition {
  readonly from: number
  readonly end: number | undefined
}

export interface ReadPlanOptions {
  readonly partitions: readonly TopicPartition[]
  readonly range: OffsetRange
  /** Go on behind the present end. */
  readonly follow: boolean
}

/**
 * Turns places such as `-5` or `@-1h` into offsets. The ends are those of this moment: records that come later are not
 * waited for unless `follow` is set.
 */
export async function planReading(consumer: Consumer, options: ReadPlanOptions): Promise<PartitionPlan[]> {
  const { partitions, range, follow } = options
  const [starts, ends] = await Promise.all([
    consumer.offsets(partitions.map((at) => ({ ...at, spec: 'earliest' as const }))),
    consumer.offsets(partitions.map((at) => ({ ...at, spec: 'latest' as const }))),
  ])
  const timesOf = (point: Point | undefined) =>
    point?.kind === 'time'
      ? consumer.offsets(partitions.map((at) => ({ ...at, spec: { timestampMs: point.timestampMs } })))
      : Promise.resolve([])
  const [fromTimes, toTimes] = await Promise.all([timesOf(range.from), timesOf(range.to)])
  return partitions.map(({ topic, partition }, i) => {
    const start = starts[i]?.offset ?? 0
    const end = ends[i]?.offset ?? 0
    const place = (point: Point, time: number | undefined) => offsetOf(point, start, end, time)
    const from = clamp(place(range.from, fromTimes[i]?.offset), start, end)
    const isOpen = follow && range.to === undefined
    // An end behind the present one is reached only by following.
    const to = place(range.to ?? END, toTimes[i]?.offset)
    return { topic, partition, from, end: isOpen ? undefined : follow ? to : Math.min(to, end) }
  })
}

/** A time that no record has reached yet is the end. */
function offsetOf(point: Point, start: number, end: number, time: number | undefined): number {
  switch (point.kind) {
    case 'start':
      return start + point.plus
    case 'end':
      return end - point.minus
    case 'offset':
      return point.offset
    case 'time':
      return time === undefined || time < 0 ? end : time
  }
}

function clamp(offset: number, start: number, end: number): number {
  return Math.min(Math.max(offset, start), end)
}
