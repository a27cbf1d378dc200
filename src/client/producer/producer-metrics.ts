import type { Metrics, Sensor, SensorNames } from '../metrics/index.ts'
import type { ProducerBatch } from './batch.ts'

const GROUP = 'producer-metrics'
const TOPIC_GROUP = 'producer-topic-metrics'
const NS_PER_MS = 1e6

/** What the metrics look at when they are asked for. */
export interface ProducerState {
  readonly bufferTotalBytes: number
  readonly bufferAvailableBytes: () => number
  /** Calls that wait for memory or metadata; Kafka counts threads. */
  readonly waitingSends: () => number
  readonly requestsInFlight: () => number
  readonly metadataAgeMs: () => number
}

interface TopicSensors {
  readonly records: Sensor
  readonly bytes: Sensor
  readonly compression: Sensor
  readonly retries: Sensor
  readonly errors: Sensor
}

const SENDS = { rate: 'record-send-rate', total: 'record-send-total' }
const RETRIES = { rate: 'record-retry-rate', total: 'record-retry-total' }
const ERRORS = { rate: 'record-error-rate', total: 'record-error-total' }

type Sensors = ReturnType<typeof sensorsIn>

function sensorsIn(metrics: Metrics) {
  const make = (names: SensorNames) => metrics.sensor(GROUP, names)
  return {
    batchSize: make({ avg: 'batch-size-avg', max: 'batch-size-max' }),
    compression: make({ avg: 'compression-rate-avg' }),
    queueTime: make({ avg: 'record-queue-time-avg', max: 'record-queue-time-max' }),
    latency: make({ avg: 'request-latency-avg', max: 'request-latency-max' }),
    throttle: make({ avg: 'produce-throttle-time-avg', max: 'produce-throttle-time-max' }),
    recordsPerRequest: make({ avg: 'records-per-request-avg', ...SENDS }),
    recordSize: make({ avg: 'record-size-avg', max: 'record-size-max' }),
    retries: make(RETRIES),
    errors: make(ERRORS),
    splits: make({ rate: 'batch-split-rate', total: 'batch-split-total' }),
    exhausted: make({ rate: 'buffer-exhausted-rate', total: 'buffer-exhausted-total' }),
    // Shown as gauges, in other units.
    memoryWait: make({}),
    metadataWait: make({}),
    flushTime: make({}),
  }
}

/** What a producer measures, per batch and request (SenderMetricsRegistry, BufferPool, KafkaProducerMetrics). */
export class ProducerMetrics {
  private readonly metrics: Metrics
  private readonly topics = new Map<string, TopicSensors>()
  private readonly sensors: Sensors

  constructor(metrics: Metrics, state: ProducerState) {
    this.metrics = metrics
    this.sensors = sensorsIn(metrics)
    const { memoryWait, metadataWait, flushTime } = this.sensors
    const gauges: Readonly<Record<string, () => number>> = {
      'requests-in-flight': state.requestsInFlight,
      'metadata-age': () => state.metadataAgeMs() / 1000,
      'buffer-total-bytes': () => state.bufferTotalBytes,
      'buffer-available-bytes': state.bufferAvailableBytes,
      'waiting-threads': state.waitingSends,
      'bufferpool-wait-ratio': () => memoryWait.rate / 1000,
      'bufferpool-wait-time-ns-total': () => memoryWait.total * NS_PER_MS,
      'metadata-wait-time-ns-total': () => metadataWait.total * NS_PER_MS,
      'flush-time-ns-total': () => flushTime.total * NS_PER_MS,
    }
    for (const [name, read] of Object.entries(gauges)) metrics.gauge(GROUP, name, read)
  }

  /** A request with these batches is on its way. */
  sent(batches: readonly { readonly batch: ProducerBatch }[], nowMs: number): void {
    let records = 0
    for (const { batch } of batches) {
      records += batch.recordCount
      const topic = this.topicOf(batch.topic)
      topic.records.record(batch.recordCount)
      topic.bytes.record(batch.sizeBytes)
      topic.compression.record(batch.compressionRatio)
      this.sensors.batchSize.record(batch.sizeBytes)
      this.sensors.compression.record(batch.compressionRatio)
      this.sensors.queueTime.record(nowMs - batch.createdMs)
      this.sensors.recordSize.record(batch.maxRecordBytes)
    }
    this.sensors.recordsPerRequest.record(records)
  }

  answered(latencyMs: number, throttleMs: number): void {
    this.sensors.latency.record(latencyMs)
    this.sensors.throttle.record(throttleMs)
  }

  retried(batch: ProducerBatch): void {
    this.sensors.retries.record(batch.recordCount)
    this.topicOf(batch.topic).retries.record(batch.recordCount)
  }

  failed(topic: string, records: number): void {
    this.sensors.errors.record(records)
    this.topicOf(topic).errors.record(records)
  }

  split(): void {
    this.sensors.splits.record()
  }

  /** A record was refused after max.block.ms without memory. */
  refusedForMemory(): void {
    this.sensors.exhausted.record()
  }

  waitedForMemory(ms: number): void {
    this.sensors.memoryWait.record(ms)
  }

  waitedForMetadata(ms: number): void {
    this.sensors.metadataWait.record(ms)
  }

  flushed(ms: number): void {
    this.sensors.flushTime.record(ms)
  }

  private topicOf(topic: string): TopicSensors {
    let sensors = this.topics.get(topic)
    if (sensors === undefined) {
      const make = (names: SensorNames) => this.metrics.sensor(TOPIC_GROUP, names, { topic })
      sensors = {
        records: make(SENDS),
        bytes: make({ rate: 'byte-rate', total: 'byte-total' }),
        compression: make({ avg: 'compression-rate' }),
        retries: make(RETRIES),
        errors: make(ERRORS),
      }
      this.topics.set(topic, sensors)
    }
    return sensors
  }
}
