import type { Clock } from '../../base/clock.ts'
import type { Metrics, Sensor } from '../metrics/index.ts'

const GROUP = 'consumer-metrics'

/** How the application polls; times in milliseconds (KafkaConsumerMetrics). */
export class PollMetrics {
  private readonly clock: Clock
  private readonly between: Sensor
  private readonly idle: Sensor
  private startMs: number | undefined
  private endMs: number | undefined

  constructor(metrics: Metrics, clock: Clock) {
    this.clock = clock
    this.between = metrics.sensor(GROUP, { avg: 'time-between-poll-avg', max: 'time-between-poll-max' })
    this.idle = metrics.sensor(GROUP, { avg: 'poll-idle-ratio-avg' })
    metrics.gauge(GROUP, 'last-poll-seconds-ago', () =>
      this.startMs === undefined ? -1 : Math.floor((clock.monotonicMs() - this.startMs) / 1000),
    )
  }

  begins(): void {
    const nowMs = this.clock.monotonicMs()
    if (this.startMs !== undefined && this.endMs !== undefined) {
      const betweenMs = nowMs - this.startMs
      this.between.record(betweenMs)
      // The part of the time that was spent in poll.
      if (betweenMs > 0) this.idle.record((this.endMs - this.startMs) / betweenMs)
    }
    this.startMs = nowMs
  }

  ends(): void {
    this.endMs = this.clock.monotonicMs()
  }
}
