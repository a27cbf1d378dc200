export { type ClientKind, ConnectionMetrics } from './connection-metrics.ts'
export { type Metric, Metrics, type SensorNames, type Tags } from './metrics.ts'
export { Sensor } from './sensor.ts'
