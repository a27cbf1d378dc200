import type { Metrics, Sensor } from '../../metrics/index.ts'
import type { FetchedPartition } from './fetched.ts'
import type { Position } from './position.ts'

const GROUP = 'consumer-fetch-manager-metrics'
const CONSUMED = {
  bytes: {
    avg: 'fetch-size-avg',
    max: 'fetch-size-max',
    rate: 'bytes-consumed-rate',
    total: 'bytes-consumed-total',
  },
  records: {
    avg: 'records-per-request-avg',
    rate: 'records-consumed-rate',
    total: 'records-consumed-total',
  },
} as const

interface Consumed {
  readonly bytes: Sensor
  readonly records: Sensor
}

interface Progress {
  readonly lag: Sensor
  /** Of negative numbers: the least lead is the largest of them. */
  readonly behindStart: Sensor
}

/** What a consumer's fetches measure, per answer and poll (FetchMetricsManager and FetchMetricsRegistry). */
export class FetchMetrics {
  private readonly metrics: Metrics
  private readonly latency: Sensor
  private readonly throttle: Sensor
  private readonly all: Consumed
  private readonly lag: Sensor
  private readonly behindStart: Sensor
  private readonly topics = new Map<string, Consumed>()
  private readonly partitions = new Map<Position, Progress>()

  constructor(metrics: Metrics) {
    this.metrics = metrics
    this.latency = metrics.sensor(GROUP, {
      avg: 'fetch-latency-avg',
      max: 'fetch-latency-max',
      countRate: 'fetch-rate',
      countTotal: 'fetch-total',
    })
    this.throttle = metrics.sensor(GROUP, { avg: 'fetch-throttle-time-avg', max: 'fetch-throttle-time-max' })
    this.all = this.consumedBy({})
    this.lag = metrics.sensor(GROUP, { max: 'records-lag-max' })
    this.behindStart = metrics.sensor(GROUP, {})
    metrics.gauge(GROUP, 'records-lead-min', () => -this.behindStart.max)
  }

  answered(latencyMs: number, throttleMs: number): void {
    this.latency.record(latencyMs)
    this.throttle.record(throttleMs)
  }

  /** Begins to count what one answer brings; it is recorded when all of it has been taken. */
  answer(): AnswerCount {
    return new AnswerCount((byTopic) => {
      let bytes = 0
      let records = 0
      for (const [topic, count] of byTopic) {
        bytes += count.bytes
        records += count.records
        const sensors = this.topicOf(topic)
        sensors.bytes.record(count.bytes)
        sensors.records.record(count.records)
      }
      this.all.bytes.record(bytes)
      this.all.records.record(records)
    })
  }

  /** Records of the partition were given out. */
  moved(position: Position): void {
    const { lag, behindStart } = this.progressOf(position)
    const behind = lagOf(position)
    const start = -leadOf(position)
    for (const sensor of [lag, this.lag]) sensor.record(behind)
    for (const sensor of [behindStart, this.behindStart]) sensor.record(start)
  }

  /** The partition is not read any more. */
  forget(position: Position): void {
    if (!this.partitions.delete(position)) return
    this.metrics.remove(GROUP, tagsOf(position))
    const { topic } = position
    for (const other of this.partitions.keys()) if (other.topic === topic) return
    if (this.topics.delete(topic)) this.metrics.remove(GROUP, { topic: tagOf(topic) })
  }

  private topicOf(topic: string): Consumed {
    let sensors = this.topics.get(topic)
    if (sensors === undefined) {
      sensors = this.consumedBy({ topic: tagOf(topic) })
      this.topics.set(topic, sensors)
    }
    return sensors
  }

  private consumedBy(tags: { readonly topic?: string }): Consumed {
    return {
      bytes: this.metrics.sensor(GROUP, CONSUMED.bytes, tags),
      records: this.metrics.sensor(GROUP, CONSUMED.records, tags),
    }
  }

  private progressOf(position: Position): Progress {
    const known = this.partitions.get(position)
    if (known !== undefined) return known
    const tags = tagsOf(position)
    const lag = this.metrics.sensor(GROUP, { avg: 'records-lag-avg', max: 'records-lag-max' }, tags)
    const behindStart = this.metrics.sensor(GROUP, {}, tags)
    const gauges: Readonly<Record<string, () => number>> = {
      'records-lag': () => lagOf(position),
      'records-lead': () => leadOf(position),
      'records-lead-avg': () => -behindStart.avg,
      'records-lead-min': () => -behindStart.max,
      'preferred-read-replica': () => position.readReplica,
    }
    for (const [name, read] of Object.entries(gauges)) this.metrics.gauge(GROUP, name, read, tags)
    const progress = { lag, behindStart }
    this.partitions.set(position, progress)
    return progress
  }
}

/** How much of one answer has been consumed (FetchMetricsAggregator). */
export class AnswerCount {
  private readonly byTopic = new Map<string, { bytes: number; records: number }>()
  private readonly onComplete: (byTopic: ReadonlyMap<string, { bytes: number; records: number }>) => void
  private outstanding = 0

  constructor(onComplete: AnswerCount['onComplete']) {
    this.onComplete = onComplete
  }

  expect(): void {
    this.outstanding++
  }

  /** Nothing more is taken of a part. */
  done(part: FetchedPartition): void {
    const count = this.byTopic.get(part.topic) ?? { bytes: 0, records: 0 }
    count.bytes += part.sizeBytes - part.unreadBytes
    count.records += part.recordCount
    this.byTopic.set(part.topic, count)
    if (--this.outstanding === 0) this.onComplete(this.byTopic)
  }
}

function lagOf({ readableEnd, offset }: Position): number {
  return Number.isFinite(readableEnd) ? Math.max(0, readableEnd - offset) : Number.NaN
}

function leadOf({ logStartOffset, offset }: Position): number {
  return logStartOffset === undefined ? Number.NaN : offset - logStartOffset
}

/** As Kafka writes topics in tags. */
function tagOf(topic: string): string {
  return topic.replaceAll('.', '_')
}

function tagsOf({ topic, partition }: Position) {
  return { topic: tagOf(topic), partition: `${partition}` }
}
