import type { Clock, Timer } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { type ErrorName, errorInfo } from '../../protocol/index.ts'
import type {
  AlterPartitionRequestInput,
  AlterPartitionResponse,
} from '../../protocol/messages/56-alter-partition.ts'
import type { TopicPartition } from '../../storage/index.ts'

export interface IsrChange extends TopicPartition {
  readonly topicId: string | null
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: number
  readonly partitionEpoch: number
}

/** The partition as the controller has written it. */
export interface ConfirmedIsr {
  readonly error: 'NONE'
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: number
  readonly partitionEpoch: number
}

export type IsrOutcome = ConfirmedIsr | { readonly error: Exclude<ErrorName, 'NONE'> }

interface Pending {
  readonly change: IsrChange
  readonly done: (outcome: IsrOutcome) => void
}

interface Options {
  readonly brokerId: number
  readonly brokerEpoch: () => number
  readonly clock: Clock
  readonly logger: Logger
  readonly send: (request: AlterPartitionRequestInput, version: number) => Promise<AlterPartitionResponse>
}

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 1000

/**
 * Takes changes of the ISR to the controller, one request at a time with all that came up meanwhile, again and again
 * until the controller has decided (kafka.server.DefaultAlterPartitionManager).
 */
export class AlterPartitionManager {
  private readonly options: Options
  private readonly unsent = new Map<string, Pending>()
  private inFlight = false
  private retryMs = FIRST_RETRY_MS
  private retryTimer: Timer | undefined
  private scheduled = false
  private stopped = false

  constructor(options: Options) {
    this.options = options
  }

  /** `done` is called once, never from within this call, unless the broker stops first. */
  submit(change: IsrChange, done: (outcome: IsrOutcome) => void): void {
    const key = keyOf(change)
    if (this.unsent.has(key)) {
      queueMicrotask(() => done({ error: 'OPERATION_NOT_ATTEMPTED' }))
      return
    }
    this.unsent.set(key, { change, done })
    this.schedule()
  }

  stop(): void {
    this.stopped = true
    this.retryTimer?.cancel()
    this.unsent.clear()
  }

  /** Changes that come up in the same turn of the loop travel together. */
  private schedule(): void {
    if (this.scheduled || this.inFlight || this.retryTimer !== undefined || this.stopped) return
    this.scheduled = true
    this.options.clock.defer(() => {
      this.scheduled = false
      if (!this.stopped && this.unsent.size > 0 && !this.inFlight) void this.sendAll()
    })
  }

  private async sendAll(): Promise<void> {
    this.inFlight = true
    let succeeded = false
    try {
      const sent = [...this.unsent.values()]
      const { request, version } = this.requestOf(sent)
      const response = await this.options.send(request, version)
      if (this.stopped) return
      succeeded = this.handle(sent, response)
    } catch (error) {
      this.options.logger.warn(`cannot tell the controller of changed in-sync replicas: ${messageOf(error)}`)
    } finally {
      this.inFlight = false
    }
    if (succeeded) {
      this.retryMs = FIRST_RETRY_MS
      if (this.unsent.size > 0) this.schedule()
    } else this.retryLater()
  }

  private retryLater(): void {
    if (this.stopped) return
    this.retryTimer = this.options.clock.setTimer(
      this.retryMs,
      () => {
        this.retryTimer = undefined
        this.schedule()
      },
      { unref: true },
    )
    this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2)
  }

  /** Version 3 needs ids for all topics; a broker in ZooKeeper mode names no broker epochs in it. */
  private requestOf(pending: readonly Pending[]): { request: AlterPartitionRequestInput; version: number } {
    const version = pending.every(({ change }) => change.topicId !== null) ? 3 : 1
    const topics = new Map<string, { topicName: string; topicId: string; partitions: unknown[] }>()
    for (const { change } of pending) {
      let topic = topics.get(change.topic)
      if (topic === undefined) {
        topic = { topicName: change.topic, topicId: change.topicId ?? ZERO_UUID, partitions: [] }
        topics.set(change.topic, topic)
      }
      topic.partitions.push({
        partitionIndex: change.partition,
        leaderEpoch: change.leaderEpoch,
        ...(version === 3
          ? { newIsrWithEpochs: change.isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })) }
          : { newIsr: change.isr }),
        leaderRecoveryState: change.leaderRecoveryState,
        partitionEpoch: change.partitionEpoch,
      })
    }
    const request = {
      brokerId: this.options.brokerId,
      brokerEpoch: this.options.brokerEpoch(),
      topics: [...topics.values()],
    }
    return { request: request as AlterPartitionRequestInput, version }
  }

  /** False when something was refused: what is proposed again then waits a little. What was left out stays. */
  private handle(sent: readonly Pending[], response: AlterPartitionResponse): boolean {
    if (response.errorCode !== 0) {
      const { name } = errorInfo(response.errorCode)
      this.options.logger.warn(`the controller refused to change in-sync replicas: ${name}`)
      return false
    }
    const outcomes = new Map<string, IsrOutcome>()
    for (const topic of response.topics) {
      for (const partition of topic.partitions) {
        const outcome = outcomeOf(partition)
        outcomes.set(`${topic.topicId}:${partition.partitionIndex}`, outcome)
        outcomes.set(`${topic.topicName}:${partition.partitionIndex}`, outcome)
      }
    }
    let allConfirmed = true
    for (const { change, done } of sent) {
      const outcome =
        outcomes.get(`${change.topicId}:${change.partition}`) ??
        outcomes.get(`${change.topic}:${change.partition}`)
      if (outcome?.error !== 'NONE') allConfirmed = false
      if (outcome === undefined) continue
      this.unsent.delete(keyOf(change))
      done(outcome)
    }
    return allConfirmed
  }
}

function outcomeOf(partition: AlterPartitionResponse['topics'][number]['partitions'][number]): IsrOutcome {
  const { name } = errorInfo(partition.errorCode)
  if (name !== 'NONE') return { error: name }
  const { leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition
  return { error: 'NONE', leaderEpoch, isr, leaderRecoveryState, partitionEpoch }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
