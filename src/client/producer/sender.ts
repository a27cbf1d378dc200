import type { Timer } from '../../base/clock.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import { produce } from '../../protocol/messages/00-produce.ts'
import type { ClientCore } from '../core.ts'
import type { LearnedNode } from '../metadata.ts'
import {
  BrokerError,
  type ClientError,
  type Connection,
  isStaleMetadata,
  NetworkError,
} from '../net/index.ts'
import type { Accumulator } from './accumulator.ts'
import type { ProducerBatch } from './batch.ts'
import type { BrokerWaits } from './broker-waits.ts'
import type { ResolvedProducerConfig } from './config.ts'
import { asClientError, DeliveryTimeoutError } from './errors.ts'
import { Flush } from './flush.ts'
import type { ProducerIdentity } from './idempotence.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { answersByPartition, describeAnswer, type PartitionAnswer, requestBody } from './produce-request.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import { splitBatch } from './split.ts'

interface Shipment {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** Without answers nothing else slows a producer down: the socket's own buffer must. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024

/**
 * Sends what the accumulator holds (org.apache.kafka.clients.producer.internals.Sender). It runs when something changes:
 * a record is added, an answer comes, a wait is over. Each run sends at most one batch of a partition to a broker.
 */
export class Sender {
  private readonly core: ClientCore
  private readonly config: ResolvedProducerConfig
  private readonly accumulator: Accumulator
  private readonly brokerWaits: BrokerWaits
  private readonly metrics: ProducerMetrics
  private readonly identity: ProducerIdentity | null
  private readonly onProgress: () => void
  private readonly inFlightByNode = new Map<number, number>()
  /** Connections whose end is heard of, for acks=0. */
  private readonly watched = new WeakSet<Connection>()
  private scheduled = false
  private timer: Timer | undefined
  private timerAtMs = Number.POSITIVE_INFINITY
  private initializing = false
  private flushing = 0
  private nextExpiryMs = 0

  constructor(parts: {
    core: ClientCore
    config: ResolvedProducerConfig
    accumulator: Accumulator
    brokerWaits: BrokerWaits
    metrics: ProducerMetrics
    identity: ProducerIdentity | null
    onProgress: () => void
  }) {
    this.core = parts.core
    this.config = parts.config
    this.accumulator = parts.accumulator
    this.brokerWaits = parts.brokerWaits
    this.metrics = parts.metrics
    this.identity = parts.identity
    this.onProgress = parts.onProgress
  }

  /** While at least one flush waits, batches are sent without lingering. */
  beginFlush(): void {
    this.flushing++
    this.schedule()
  }

  endFlush(): void {
    this.flushing--
  }

  schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.core.options.clock.defer(() => {
      this.scheduled = false
      this.run()
    })
  }

  /** A batch was begun: it is looked at again when its linger is over. */
  scheduleAfterLinger(): void {
    if (this.config.lingerMs === 0 || this.flushing > 0) this.schedule()
    else this.wakeAt(this.nowMs() + this.config.lingerMs)
  }

  get requestsInFlight(): number {
    let count = 0
    for (const requests of this.inFlightByNode.values()) count += requests
    return count
  }

  stop(error: Error): void {
    this.cancelTimer()
    for (const queue of [...this.accumulator.queues]) {
      for (const batch of [...queue.inFlight, ...queue.waiting])
        this.finish(queue, batch, () => batch.fail(error, this.logThrown))
    }
  }

  private nowMs(): number {
    return this.core.options.clock.monotonicMs()
  }

  private wakeAt(atMs: number): void {
    if (atMs >= this.timerAtMs) return
    this.timer?.cancel()
    this.timerAtMs = atMs
    const { clock } = this.core.options
    this.timer = clock.setTimer(Math.max(1, atMs - this.nowMs()), () => {
      this.timerAtMs = Number.POSITIVE_INFINITY
      this.run()
    })
  }

  private cancelTimer(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.timerAtMs = Number.POSITIVE_INFINITY
  }

  private run(): void {
    if (this.core.isClosed || this.accumulator.isEmpty) return
    this.core.updateIfOld()
    const nowMs = this.nowMs()
    this.expire(nowMs)
    this.wakeAt(this.nextExpiryMs)
    if (!this.identityReady()) return
    const byNode = new Map<number, PartitionQueue[]>()
    const unled: string[] = []
    for (const queue of this.accumulator.queues) {
      const readiness = this.readinessOf(queue, nowMs)
      if (readiness === 'later') continue
      const leader = this.core.metadata.partition(queue.topic, queue.partition)?.leader ?? -1
      if (leader < 0) unled.push(queue.topic)
      else if (readiness === 'blocked' || (this.inFlightByNode.get(leader) ?? 0) >= this.config.maxInFlight)
        this.brokerWaits.waits(leader, nowMs)
      else {
        const queues = byNode.get(leader)
        if (queues === undefined) byNode.set(leader, [queue])
        else queues.push(queue)
      }
    }
    if (unled.length > 0) this.updateMetadata(unled)
    for (const [node, queues] of byNode) this.sendTo(node, queues)
    // The epochs of a producer id may just have been used up.
    if (byNode.size > 0 || this.identity?.isKnown === false) this.schedule()
  }

  /**
   * Whether the oldest batch of a partition may go now, is blocked by those in flight, or goes later; then there is a timer
   * for that.
   */
  private readinessOf(queue: PartitionQueue, nowMs: number): 'now' | 'later' | 'blocked' {
    const batch = queue.waiting[0]
    if (batch === undefined) return 'later'
    const retrying = batch.attempts > 0
    const isDue =
      retrying ||
      nowMs - batch.createdMs >= this.config.lingerMs ||
      this.flushing > 0 ||
      queue.waiting.length > 1 ||
      batch.isFull ||
      !this.accumulator.hasRoom
    if (!isDue) {
      this.wakeAt(batch.createdMs + this.config.lingerMs)
      return 'later'
    }
    const { length: inFlight } = queue.inFlight
    // What follows a failed batch has to wait for it: its turn comes when all in flight are back.
    if ((retrying || this.config.maxInFlight === 1) && inFlight > 0) return 'blocked'
    if (inFlight >= this.config.maxInFlight) return 'blocked'
    if (queue.retryAtMs > nowMs && this.leaderEpochOf(queue) <= queue.sentLeaderEpoch) {
      this.wakeAt(queue.retryAtMs)
      return 'later'
    }
    return this.identity === null || this.identity.admits(queue) ? 'now' : 'blocked'
  }

  /** A leader that has come since the last attempt has not refused anything yet (KIP-951). */
  private leaderEpochOf({ topic, partition }: PartitionQueue): number {
    return this.core.metadata.partition(topic, partition)?.leaderEpoch ?? -1
  }

  /** Without a producer id nothing can be numbered. What fails here fails all that wait; the next record tries again. */
  private identityReady(): boolean {
    const { identity } = this
    if (identity === null || identity.isKnown) return true
    if (this.initializing) return false
    this.initializing = true
    identity
      .init()
      .catch((error: unknown) => this.failWaiting(asClientError(error)))
      .finally(() => {
        this.initializing = false
        this.schedule()
      })
    return false
  }

  private sendTo(node: number, queues: readonly PartitionQueue[]): void {
    const shipments: Shipment[] = []
    let sizeBytes = 0
    for (const queue of queues) {
      const next = queue.waiting[0]
      if (next === undefined) continue
      if (shipments.length > 0 && sizeBytes + next.estimatedSizeBytes > this.config.maxRequestSizeBytes) break
      if (next.attempts > 0) next.detach()
      queue.sentLeaderEpoch = this.leaderEpochOf(queue)
      this.identity?.number(queue, next)
      const batch = this.accumulator.drain(queue)
      if (batch === undefined) continue
      sizeBytes += batch.sizeBytes
      shipments.push({ queue, batch })
    }
    this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 0) + 1)
    this.ship(node, shipments)
      .catch((error: unknown) => {
        if (error instanceof NetworkError) this.brokerWaits.waits(node, this.nowMs())
        for (const shipment of shipments) this.retryOrFail(shipment, asClientError(error))
        this.updateMetadata(shipments.map(({ queue }) => queue.topic))
      })
      .finally(() => {
        this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 1) - 1)
        this.schedule()
      })
  }

  private async ship(node: number, shipments: readonly Shipment[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    this.brokerWaits.took(node)
    const body = requestBody(this.config, shipments)
    const sentMs = this.nowMs()
    this.metrics.sent(shipments, sentMs)
    if (this.config.acks === 0) {
      this.watch(connection)
      connection.sendNoResponse(produce, body)
      for (const { queue, batch } of shipments)
        this.finish(queue, batch, () => batch.complete(-1, -1, this.logThrown))
      if (connection.bufferedBytes > MAX_UNSENT_BYTES) await connection.drained()
      return
    }
    const response = await connection.send(produce, body, { timeoutMs: this.config.requestTimeoutMs })
    this.metrics.answered(this.nowMs() - sentMs, response.throttleTimeMs)
    const answerOf = answersByPartition(response)
    for (const shipment of shipments) {
      const answer = answerOf(shipment.queue.topic, shipment.queue.partition)
      if (answer !== undefined) this.settle(shipment, answer, response.nodeEndpoints)
      else this.retryOrFail(shipment, new NetworkError('the broker did not answer for the partition'))
    }
  }

  /** With acks=0 a broker can only say that it is the wrong one by ending the connection. */
  private watch(connection: Connection): void {
    if (this.watched.has(connection)) return
    this.watched.add(connection)
    connection.onClose(() => this.updateMetadata(this.core.metadata.topics.keys()))
  }

  private settle(shipment: Shipment, answer: PartitionAnswer, nodes: readonly LearnedNode[]): void {
    const { queue, batch } = shipment
    const { errorCode } = answer
    // The broker has stored this batch before: an earlier attempt succeeded and only its answer was lost.
    const isRepetition =
      errorCode === ERROR_CODES.DUPLICATE_SEQUENCE_NUMBER ||
      (errorCode === ERROR_CODES.OUT_OF_ORDER_SEQUENCE_NUMBER && this.identity?.isPassed(queue, batch))
    if (errorCode === ERROR_CODES.NONE || isRepetition) {
      this.identity?.acknowledged(queue, batch)
      const offset = errorCode === ERROR_CODES.NONE ? answer.baseOffset : -1
      this.finish(queue, batch, () => batch.complete(offset, answer.logAppendTimeMs, this.logThrown))
      return
    }
    if (errorCode === ERROR_CODES.MESSAGE_TOO_LARGE && batch.recordCount > 1 && !batch.isTold) {
      this.metrics.split()
      const parts = splitBatch(this.accumulator, batch)
      Flush.split(batch, parts)
      this.accumulator.replace(queue, batch, parts)
      return
    }
    const error = new BrokerError(errorCode, describeAnswer(queue, answer))
    if (this.config.finalErrors.includes(errorCode)) {
      this.giveUp(queue, batch, error)
      return
    }
    const again = this.identity?.canRetry(queue, batch, errorCode, answer.logStartOffset) ?? false
    const { topic, partition } = queue
    this.core.learnLeaders([{ topic, partition, ...answer.currentLeader }], nodes)
    this.retryOrFail(shipment, error, again)
    if (isStaleMetadata(errorCode)) this.updateMetadata([topic])
  }

  private retryOrFail({ queue, batch }: Shipment, error: ClientError, again = error.retriable): void {
    // What is past its delivery timeout, or was abandoned, has been reported as failed.
    if (!(again || error.retriable) || batch.isTold || batch.attempts >= this.config.retries) {
      this.giveUp(queue, batch, error)
      return
    }
    batch.attempts++
    batch.lastError = error
    this.metrics.retried(batch)
    this.core.options.logger.debug(
      `${queue.topic}-${queue.partition}: attempt ${batch.attempts} failed: ${error.message}`,
    )
    this.accumulator.requeue(queue, batch, this.nowMs() + this.core.backoffMs(batch.attempts - 1))
  }

  private giveUp(queue: PartitionQueue, batch: ProducerBatch, error: Error): void {
    this.identity?.gaveUp(queue, batch)
    if (!batch.isTold) this.metrics.failed(batch.topic, batch.recordCount)
    this.finish(queue, batch, () => batch.fail(error, this.logThrown))
  }

  /** Does nothing for a batch that is done with already. */
  private finish(queue: PartitionQueue, batch: ProducerBatch, tell: () => void): void {
    if (!this.accumulator.remove(queue, batch)) return
    if (this.accumulator.isEmpty) this.cancelTimer()
    tell()
    Flush.finished(batch)
    this.onProgress()
  }

  private failWaiting(error: ClientError): void {
    for (const queue of [...this.accumulator.queues])
      for (const batch of [...queue.waiting]) this.giveUp(queue, batch, error)
  }

  /** Gives up what is older than delivery.timeout.ms. What is in flight is reported, and kept until its answer tells more. */
  private expire(nowMs: number): void {
    if (nowMs < this.nextExpiryMs) return
    const { deliveryTimeoutMs } = this.config
    const oldestMs = nowMs - deliveryTimeoutMs
    // What is begun from now on expires no earlier than this.
    let nextMs = nowMs + deliveryTimeoutMs
    for (const queue of this.accumulator.queues) {
      for (const batch of queue.inFlight) {
        if (batch.createdMs > oldestMs) nextMs = Math.min(nextMs, batch.createdMs + deliveryTimeoutMs)
        else if (!batch.isTold) {
          this.metrics.failed(batch.topic, batch.recordCount)
          batch.fail(this.timeoutOf(batch), this.logThrown)
          Flush.finished(batch)
        }
      }
      for (let batch = queue.waiting[0]; batch !== undefined; batch = queue.waiting[0]) {
        if (batch.createdMs > oldestMs) {
          nextMs = Math.min(nextMs, batch.createdMs + deliveryTimeoutMs)
          break
        }
        this.giveUp(queue, batch, this.timeoutOf(batch))
      }
    }
    this.nextExpiryMs = nextMs
  }

  private timeoutOf({ topic, partition, lastError }: ProducerBatch): DeliveryTimeoutError {
    return new DeliveryTimeoutError(topic, partition, this.config.deliveryTimeoutMs, lastError)
  }

  private updateMetadata(topics: Iterable<string>): void {
    void this.core.requestUpdate(topics).then(() => this.schedule())
  }

  private readonly logThrown = (error: unknown): void => {
    this.core.options.logger.error('a delivery callback threw', error)
  }
}
