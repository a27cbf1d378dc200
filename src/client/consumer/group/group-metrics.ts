import type { Clock } from '../../../base/clock.ts'
import type { Metrics, Sensor } from '../../metrics/index.ts'

const GROUP = 'consumer-coordinator-metrics'
const SECONDS_PER_HOUR = 3600

/**
 * What a member of a group measures; times in milliseconds (AbstractCoordinator.GroupCoordinatorMetrics,
 * ConsumerCoordinatorMetrics and RebalanceCallbackMetricsManager).
 */
export class GroupMetrics {
  readonly heartbeat: Sensor
  readonly join: Sensor
  readonly sync: Sensor
  readonly commit: Sensor
  readonly rebalance: Sensor
  readonly failedRebalance: Sensor
  readonly listener: Readonly<Record<'revoked' | 'assigned' | 'lost', Sensor>>
  private readonly clock: Clock
  private heartbeatMs: number | undefined
  private rebalanceMs: number | undefined

  constructor(metrics: Metrics, clock: Clock, assignedCount: () => number) {
    this.clock = clock
    this.heartbeat = metrics.sensor(GROUP, {
      max: 'heartbeat-response-time-max',
      countRate: 'heartbeat-rate',
      countTotal: 'heartbeat-total',
    })
    const timed = (name: string) =>
      metrics.sensor(GROUP, {
        avg: `${name}-time-avg`,
        max: `${name}-time-max`,
        countRate: `${name}-rate`,
        countTotal: `${name}-total`,
      })
    this.join = timed('join')
    this.sync = timed('sync')
    this.commit = metrics.sensor(GROUP, {
      avg: 'commit-latency-avg',
      max: 'commit-latency-max',
      countRate: 'commit-rate',
      countTotal: 'commit-total',
    })
    this.rebalance = metrics.sensor(GROUP, {
      avg: 'rebalance-latency-avg',
      max: 'rebalance-latency-max',
      total: 'rebalance-latency-total',
      countTotal: 'rebalance-total',
    })
    this.failedRebalance = metrics.sensor(GROUP, { countTotal: 'failed-rebalance-total' })
    const perHour = (name: string, sensor: Sensor) =>
      metrics.gauge(GROUP, name, () => sensor.countRate * SECONDS_PER_HOUR)
    perHour('rebalance-rate-per-hour', this.rebalance)
    perHour('failed-rebalance-rate-per-hour', this.failedRebalance)
    const called = (event: string) =>
      metrics.sensor(GROUP, {
        avg: `partition-${event}-latency-avg`,
        max: `partition-${event}-latency-max`,
      })
    this.listener = { revoked: called('revoked'), assigned: called('assigned'), lost: called('lost') }
    metrics.gauge(GROUP, 'assigned-partitions', assignedCount)
    metrics.gauge(GROUP, 'last-heartbeat-seconds-ago', () => this.secondsSince(this.heartbeatMs))
    metrics.gauge(GROUP, 'last-rebalance-seconds-ago', () => this.secondsSince(this.rebalanceMs))
  }

  /** Notes how long the work took, when it ended well. */
  async measure<T>(sensor: Sensor, work: () => Promise<T>): Promise<T> {
    const startMs = this.clock.monotonicMs()
    const result = await work()
    const endMs = this.clock.monotonicMs()
    sensor.record(endMs - startMs)
    if (sensor === this.heartbeat) this.heartbeatMs = endMs
    return result
  }

  /** Every member has its share again, so many milliseconds after it was asked for. */
  rebalanced(latencyMs: number): void {
    this.rebalance.record(latencyMs)
    this.rebalanceMs = this.clock.monotonicMs()
  }

  /** -1: never, as in Kafka. */
  private secondsSince(ms: number | undefined): number {
    return ms === undefined ? -1 : Math.floor((this.clock.monotonicMs() - ms) / 1000)
  }
}
