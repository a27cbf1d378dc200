/** What a server counts for its four-letter words (org.apache.zookeeper.server.ServerStats). */
export class ServerStats {
  received = 0
  sent = 0
  private count = 0
  private totalMs = 0
  private min = Number.MAX_SAFE_INTEGER
  private max = 0

  /** One request's time from its arrival to its answer. */
  latency(ms: number): void {
    const whole = Math.floor(ms)
    this.count++
    this.totalMs += whole
    if (whole < this.min) this.min = whole
    if (whole > this.max) this.max = whole
  }

  get minLatencyMs(): number {
    return this.count === 0 ? 0 : this.min
  }

  get maxLatencyMs(): number {
    return this.max
  }

  get averageLatencyMs(): number {
    return this.count === 0 ? 0 : this.totalMs / this.count
  }

  reset(): void {
    this.received = 0
    this.sent = 0
    this.count = 0
    this.totalMs = 0
    this.min = Number.MAX_SAFE_INTEGER
    this.max = 0
  }
}
