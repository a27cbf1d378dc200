import type { Timer } from '../../base/clock.ts'
import { ERROR_CODES, errorInfo } from '../../protocol/index.ts'
import { type ProduceResponse, produce } from '../../protocol/messages/00-produce.ts'
import { incrementSequence, readRecords } from '../../records/index.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError, ClientError, type Connection, NetworkError } from '../net/index.ts'
import type { Accumulator, PartitionQueue } from './accumulator.ts'
import type { ProducerBatch } from './batch.ts'
import type { ResolvedProducerConfig } from './config.ts'
import type { ProducerIdentity } from './idempotence.ts'

type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

interface Shipment {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** The batch was not acknowledged within delivery.timeout.ms. */
export class DeliveryTimeoutError extends ClientError {
  constructor(topic: string, partition: number, timeoutMs: number, cause: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    super(
      'KCLI_DELIVERY_TIMEOUT',
      `${topic}-${partition} did not acknowledge within ${timeoutMs} ms${reason}`,
      {
        retriable: true,
        cause,
      },
    )
  }
}

/**
 * Sends what the accumulator holds (org.apache.kafka.clients.producer.internals.Sender). It runs when something changes:
 * a record is added, an answer comes, a wait is over. Each run sends at most one batch of a partition to a broker.
 */
export class Sender {
  private readonly core: ClientCore
  private readonly config: ResolvedProducerConfig
  private readonly accumulator: Accumulator
  private readonly identity: ProducerIdentity | null
  private readonly onProgress: () => void
  private readonly inFlightByNode = new Map<number, number>()
  private readonly lastErrors = new Map<ProducerBatch, Error>()
  private scheduled = false
  private timer: Timer | undefined
  private timerAtMs = Number.POSITIVE_INFINITY
  private initializing = false
  private refreshing = false
  private flushing = 0

  constructor(parts: {
    core: ClientCore
    config: ResolvedProducerConfig
    accumulator: Accumulator
    identity: ProducerIdentity | null
    onProgress: () => void
  }) {
    this.core = parts.core
    this.config = parts.config
    this.accumulator = parts.accumulator
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
    if (this.config.lingerMs === 0) this.schedule()
    else this.wakeAt(this.nowMs() + this.config.lingerMs)
  }

  stop(error: Error): void {
    this.timer?.cancel()
    for (const queue of this.accumulator.queues.values()) {
      for (const batch of [...queue.inFlight, ...queue.waiting])
        this.finish(queue, batch, () => batch.fail(error))
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

  private run(): void {
    if (this.core.isClosed) return
    this.expire()
    if (!this.identityReady()) return
    const byNode = new Map<number, PartitionQueue[]>()
    const unled: string[] = []
    for (const queue of this.accumulator.queues.values()) {
      if (!this.isSendable(queue)) continue
      const leader = this.core.metadata.partition(queue.topic, queue.partition)?.leader ?? -1
      if (leader < 0) unled.push(queue.topic)
      else if ((this.inFlightByNode.get(leader) ?? 0) < this.config.maxInFlight) {
        const queues = byNode.get(leader)
        if (queues === undefined) byNode.set(leader, [queue])
        else queues.push(queue)
      }
    }
    if (unled.length > 0) this.refreshMetadata(unled, this.core.options.retryBackoffMs)
    for (const [node, queues] of byNode) this.sendTo(node, queues)
    if (byNode.size > 0) this.schedule()
  }

  /** Whether the oldest batch of a partition may go now; if only later, a timer is set for that. */
  private isSendable(queue: PartitionQueue): boolean {
    const batch = queue.waiting[0]
    if (batch === undefined) return false
    const now = this.nowMs()
    // What follows a failed batch has to wait for it: its turn comes when all in flight are back.
    const retrying = batch.attempts > 0
    if ((retrying || this.config.maxInFlight === 1) && queue.inFlight.length > 0) return false
    if (queue.inFlight.length >= this.config.maxInFlight) return false
    // A broker takes any first number from a producer it has not seen: the first batch has to be the first to arrive.
    if (this.identity !== null && queue.lastAckedSequence < 0 && queue.inFlight.length > 0) return false
    if (queue.retryAtMs > now) {
      this.wakeAt(queue.retryAtMs)
      return false
    }
    const lingered = now - batch.createdMs >= this.config.lingerMs
    const memoryShort = this.accumulator.bufferedBytes >= this.config.bufferMemoryBytes
    if (retrying || lingered || this.flushing > 0 || memoryShort || batch.isFull || queue.waiting.length > 1)
      return true
    this.wakeAt(batch.createdMs + this.config.lingerMs)
    return false
  }

  private identityReady(): boolean {
    const { identity } = this
    if (identity === null) return true
    if (this.initializing || this.accumulator.isEmpty) return false
    if (identity.get() !== undefined && !identity.isBumping) return true
    const queues = [...this.accumulator.queues.values()]
    if (queues.some((queue) => queue.inFlight.length > 0)) return false
    this.initializing = true
    const work = identity.isBumping ? identity.bumpEpoch(queues) : identity.init()
    work
      .catch((error: Error) => this.failAll(error))
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
      const batch = this.accumulator.drain(queue, this.identity?.get() ?? null)
      if (batch === undefined) continue
      sizeBytes += batch.sizeBytes
      shipments.push({ queue, batch })
    }
    this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 0) + 1)
    this.ship(node, shipments)
      .catch((error: Error) => {
        for (const shipment of shipments) this.retryOrFail(shipment, asClientError(error))
        this.refreshMetadata(
          [...new Set(shipments.map(({ queue }) => queue.topic))],
          this.core.options.retryBackoffMs,
        )
      })
      .finally(() => {
        this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 1) - 1)
        this.schedule()
      })
  }

  private async ship(node: number, shipments: readonly Shipment[]): Promise<void> {
    const connection = await this.core.connectionTo(node)
    const body = requestBody(this.config, shipments)
    if (this.config.acks === 0) {
      connection.sendNoResponse(produce, body)
      for (const { queue, batch } of shipments) this.finish(queue, batch, () => batch.complete(-1, -1))
      await roomToWrite(connection)
      return
    }
    const response = await connection.send(produce, body, { timeoutMs: this.config.requestTimeoutMs })
    const answers = new Map<string, PartitionAnswer>()
    for (const topic of response.responses) {
      for (const answer of topic.partitionResponses) answers.set(`${topic.name}-${answer.index}`, answer)
    }
    for (const shipment of shipments) {
      const answer = answers.get(`${shipment.queue.topic}-${shipment.queue.partition}`)
      if (answer === undefined)
        this.retryOrFail(shipment, new NetworkError('the broker did not answer for the partition'))
      else this.settle(shipment, answer)
    }
  }

  private settle(shipment: Shipment, answer: PartitionAnswer): void {
    const { queue, batch } = shipment
    // The broker has stored this batch before: an earlier attempt succeeded and only its answer was lost.
    if (answer.errorCode === ERROR_CODES.NONE || answer.errorCode === ERROR_CODES.DUPLICATE_SEQUENCE_NUMBER) {
      if (batch.hasSequence)
        queue.lastAckedSequence = incrementSequence(batch.baseSequence, batch.recordCount - 1)
      this.finish(queue, batch, () => batch.complete(answer.baseOffset, answer.logAppendTimeMs))
      return
    }
    if (answer.errorCode === ERROR_CODES.MESSAGE_TOO_LARGE && batch.recordCount > 1) {
      this.split(queue, batch)
      return
    }
    const error = new BrokerError(answer.errorCode, describe(queue, answer))
    this.retryOrFail(shipment, error)
    const stale = errorInfo(answer.errorCode).retriable
    if (stale) this.refreshMetadata([queue.topic], 0)
  }

  private retryOrFail({ queue, batch }: Shipment, error: ClientError): void {
    if (error.retriable || this.isBehindFailedBatch(queue, batch, error)) {
      batch.attempts++
      this.core.options.logger.debug(
        `${queue.topic}-${queue.partition}: attempt ${batch.attempts} failed: ${error.message}`,
      )
      this.lastErrors.set(batch, error)
      this.accumulator.requeue(queue, batch, this.nowMs() + this.core.backoffMs(batch.attempts - 1))
      return
    }
    this.giveUp(queue, batch, error)
  }

  /** A number that came too early: the batch before it failed and will be sent again first. */
  private isBehindFailedBatch(queue: PartitionQueue, batch: ProducerBatch, error: ClientError): boolean {
    if (!(error instanceof BrokerError) || error.errorCode !== ERROR_CODES.OUT_OF_ORDER_SEQUENCE_NUMBER)
      return false
    const expected = queue.lastAckedSequence < 0 ? 0 : incrementSequence(queue.lastAckedSequence, 1)
    return batch.hasSequence && batch.baseSequence !== expected
  }

  /** A numbered batch that is lost leaves a hole, so the numbers have to start again. */
  private giveUp(queue: PartitionQueue, batch: ProducerBatch, error: Error): void {
    if (batch.hasSequence) this.identity?.requestNewEpoch()
    this.finish(queue, batch, () => batch.fail(error))
  }

  private finish(queue: PartitionQueue, batch: ProducerBatch, tell: () => void): void {
    this.accumulator.remove(queue, batch)
    this.lastErrors.delete(batch)
    tell()
    this.onProgress()
  }

  private failAll(error: Error): void {
    for (const queue of this.accumulator.queues.values()) {
      for (const batch of [...queue.waiting]) this.giveUp(queue, batch, error)
    }
  }

  private expire(): void {
    const { deliveryTimeoutMs } = this.config
    const oldest = this.nowMs() - deliveryTimeoutMs
    for (const queue of this.accumulator.queues.values()) {
      for (const batch of [...queue.waiting]) {
        if (batch.createdMs > oldest) break
        const cause = this.lastErrors.get(batch)
        this.giveUp(
          queue,
          batch,
          new DeliveryTimeoutError(queue.topic, queue.partition, deliveryTimeoutMs, cause),
        )
      }
      const first = queue.waiting[0]
      if (first !== undefined) this.wakeAt(first.createdMs + deliveryTimeoutMs)
    }
  }

  /** The broker takes less at once than we thought: the same records in smaller batches, with numbers of their own. */
  private split(queue: PartitionQueue, batch: ProducerBatch): void {
    const callbacks = batch.takeCallbacks()
    const limit = Math.max(1, Math.floor(batch.close().length / 2))
    const parts: ProducerBatch[] = []
    let index = -1
    for (const record of readRecords(batch.close(), 0)) {
      const callback = callbacks[++index]
      const { timestampMs, key, value, headers } = record
      if (parts.at(-1)?.tryAppend(timestampMs, key, value, headers, callback)) continue
      const part = this.accumulator.newBatch(
        {
          topic: queue.topic,
          partition: queue.partition,
          createdMs: batch.createdMs,
          order: batch.order + index,
        },
        limit,
      )
      part.tryAppend(timestampMs, key, value, headers, callback)
      parts.push(part)
    }
    if (batch.hasSequence) this.identity?.requestNewEpoch()
    this.accumulator.replace(queue, batch, parts)
  }

  private refreshMetadata(topics: readonly string[], delayMs: number): void {
    if (this.refreshing) return
    this.refreshing = true
    this.core.options.clock.setTimer(delayMs, () => {
      this.core
        .refreshShared(topics)
        .catch((error: Error) => this.core.options.logger.debug(`metadata: ${error.message}`))
        .finally(() => {
          this.refreshing = false
          this.schedule()
        })
    })
  }
}

function requestBody(config: ResolvedProducerConfig, shipments: readonly Shipment[]) {
  const byTopic = new Map<string, { index: number; records: Buffer }[]>()
  for (const { queue, batch } of shipments) {
    const data = { index: queue.partition, records: batch.close() }
    const partitions = byTopic.get(queue.topic)
    if (partitions === undefined) byTopic.set(queue.topic, [data])
    else partitions.push(data)
  }
  return {
    transactionalId: null,
    acks: config.acks,
    timeoutMs: config.requestTimeoutMs,
    topicData: [...byTopic].map(([name, partitionData]) => ({ name, partitionData })),
  }
}

function describe(queue: PartitionQueue, answer: PartitionAnswer): string {
  const { name } = errorInfo(answer.errorCode)
  const reason = answer.errorMessage ?? answer.recordErrors[0]?.batchIndexErrorMessage
  return `${queue.topic}-${queue.partition} refused the records: ${name}${reason ? ` (${reason})` : ''}`
}

function asClientError(error: Error): ClientError {
  return error instanceof ClientError ? error : new NetworkError(error.message, { cause: error })
}

/** Without answers nothing else slows a producer down: the socket's own buffer must. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024

async function roomToWrite(connection: Connection): Promise<void> {
  if (connection.isOpen && connection.bufferedBytes > MAX_UNSENT_BYTES) await connection.drained()
}
