/**
 * How long brokers have taken nothing although something is ready for them; without a key, records go elsewhere then
 * (partitioner.availability.timeout.ms; RecordAccumulator.NodeLatencyStats).
 */
export class BrokerWaits {
  private readonly sinceMs = new Map<number, number>()
  private readonly timeoutMs: number

  /** `timeoutMs` 0: no broker is ever taken for slow. */
  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs
  }

  waits(node: number, nowMs: number): void {
    if (this.timeoutMs > 0 && !this.sinceMs.has(node)) this.sinceMs.set(node, nowMs)
  }

  took(node: number): void {
    this.sinceMs.delete(node)
  }

  isSlow(node: number, nowMs: number): boolean {
    const sinceMs = this.sinceMs.get(node)
    return sinceMs !== undefined && nowMs - sinceMs > this.timeoutMs
  }
}
