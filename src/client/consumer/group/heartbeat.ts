import type { Clock, Timer } from '../../../base/clock.ts'
import type { ResolvedConsumerConfig } from '../config.ts'

export interface HeartbeatHooks {
  /** Sends one; rejects when nothing was heard. */
  beat(): Promise<void>
  /** Nothing was heard for session.timeout.ms. */
  onSilence(): void
  /** The application has not polled for max.poll.interval.ms. */
  onPollTimeout(): void
  backoffMs(): number
}

/**
 * The signs of life, sent by a timer while the application works (org.apache.kafka.clients.consumer.internals.Heartbeat).
 * One is under way at a time.
 */
export class Heartbeat {
  private readonly clock: Clock
  private readonly config: ResolvedConsumerConfig
  private readonly hooks: HeartbeatHooks
  private timer: Timer | undefined
  private lastPollMs = 0
  private lastHeardMs = 0
  /** When the next one is due. */
  private nextMs = 0
  private isUnderWay = false
  private isRunning = false

  constructor(clock: Clock, config: ResolvedConsumerConfig, hooks: HeartbeatHooks) {
    this.clock = clock
    this.config = config
    this.hooks = hooks
    this.lastPollMs = clock.monotonicMs()
  }

  polled(): void {
    this.lastPollMs = this.clock.monotonicMs()
  }

  start(): void {
    const nowMs = this.clock.monotonicMs()
    this.isRunning = true
    this.lastHeardMs = nowMs
    this.nextMs = nowMs + this.config.heartbeatIntervalMs
    this.schedule()
  }

  stop(): void {
    this.isRunning = false
    this.timer?.cancel()
    this.timer = undefined
  }

  private schedule(): void {
    this.timer?.cancel()
    const pollEndMs = this.lastPollMs + this.config.maxPollIntervalMs
    const delayMs = Math.max(0, Math.min(this.nextMs, pollEndMs) - this.clock.monotonicMs())
    this.timer = this.clock.setTimer(delayMs, () => this.onTimer(), { unref: true })
  }

  private onTimer(): void {
    if (!this.isRunning) return
    const nowMs = this.clock.monotonicMs()
    if (nowMs - this.lastPollMs >= this.config.maxPollIntervalMs) {
      this.stop()
      this.hooks.onPollTimeout()
      return
    }
    if (nowMs - this.lastHeardMs >= this.config.sessionTimeoutMs) {
      this.lastHeardMs = nowMs
      this.hooks.onSilence()
    }
    if (nowMs >= this.nextMs) {
      this.nextMs = nowMs + this.config.heartbeatIntervalMs
      void this.beat()
    }
    this.schedule()
  }

  private async beat(): Promise<void> {
    if (this.isUnderWay) return
    this.isUnderWay = true
    try {
      await this.hooks.beat()
      this.lastHeardMs = this.clock.monotonicMs()
    } catch {
      // Whoever sent it knows the reason; here it only means to try again soon.
      this.nextMs = Math.min(this.nextMs, this.clock.monotonicMs() + this.hooks.backoffMs())
      if (this.isRunning) this.schedule()
    } finally {
      this.isUnderWay = false
    }
  }
}
