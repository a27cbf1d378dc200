import type { TrafficObserver } from '../net/connection.ts'
import type { Metrics } from './metrics.ts'
import type { Sensor } from './sensor.ts'

/** How the groups of a client's metrics begin. */
export type ClientKind = 'producer' | 'consumer' | 'admin-client'

/** What goes over the connections to one broker. */
interface Traffic {
  readonly sent: Sensor
  readonly received: Sensor
  readonly latency: Sensor
}

/**
 * Connections, bytes and requests of a client, all together and for each broker (SelectorMetrics of
 * org.apache.kafka.common.network, without what only a selector has).
 */
export class ConnectionMetrics {
  private readonly metrics: Metrics
  private readonly kind: ClientKind
  private readonly created: Sensor
  private readonly closed: Sensor
  private readonly sent: Sensor
  private readonly received: Sensor
  private readonly nodes = new Map<number, Traffic>()
  private open = 0

  constructor(metrics: Metrics, kind: ClientKind) {
    this.metrics = metrics
    this.kind = kind
    const group = `${kind}-metrics`
    this.created = metrics.sensor(group, {
      rate: 'connection-creation-rate',
      total: 'connection-creation-total',
    })
    this.closed = metrics.sensor(group, { rate: 'connection-close-rate', total: 'connection-close-total' })
    this.sent = metrics.sensor(group, SENT_NAMES)
    this.received = metrics.sensor(group, RECEIVED_NAMES)
    metrics.gauge(group, 'connection-count', () => this.open)
    metrics.gauge(group, 'network-io-rate', () => this.sent.countRate + this.received.countRate)
    metrics.gauge(group, 'network-io-total', () => this.sent.count + this.received.count)
  }

  /** A connection was made; the observer is to be told what goes over it. */
  connected(node: number): TrafficObserver {
    this.open++
    this.created.record()
    const traffic = this.trafficOf(node)
    return {
      requested: (sizeBytes) => {
        this.sent.record(sizeBytes)
        traffic.sent.record(sizeBytes)
      },
      answered: (sizeBytes, latencyMs) => {
        this.received.record(sizeBytes)
        traffic.received.record(sizeBytes)
        traffic.latency.record(latencyMs)
      },
    }
  }

  disconnected(): void {
    this.open--
    this.closed.record()
  }

  private trafficOf(node: number): Traffic {
    let traffic = this.nodes.get(node)
    if (traffic === undefined) {
      const group = `${this.kind}-node-metrics`
      const tags = { 'node-id': `node-${nodeName(node)}` }
      const latency = { avg: 'request-latency-avg', max: 'request-latency-max' }
      traffic = {
        sent: this.metrics.sensor(group, SENT_NAMES, tags),
        received: this.metrics.sensor(group, RECEIVED_NAMES, tags),
        latency: this.metrics.sensor(group, latency, tags),
      }
      this.nodes.set(node, traffic)
    }
    return traffic
  }
}

const MAX_INT32 = 2 ** 31 - 1

/** The connection to a coordinator is another one than that to the broker; Kafka counts their ids down from the largest. */
function nodeName(node: number): number {
  return node > MAX_INT32 ? MAX_INT32 - (node - MAX_INT32 - 1) : node
}

const SENT_NAMES = {
  rate: 'outgoing-byte-rate',
  total: 'outgoing-byte-total',
  countRate: 'request-rate',
  countTotal: 'request-total',
  avg: 'request-size-avg',
  max: 'request-size-max',
}

const RECEIVED_NAMES = {
  rate: 'incoming-byte-rate',
  total: 'incoming-byte-total',
  countRate: 'response-rate',
  countTotal: 'response-total',
}
