import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { type Address, formatAddress } from '../../base/network.ts'
import type {
  ObservedConnect,
  ObservedExchange,
  ObservedRequest,
  RequestObserver,
} from '../../client/net/index.ts'
import { type ConnectEvent, NOT_WAITED_FOR, type RequestEvent } from './events.ts'
import { answerWords, askedWords, errorCodesIn } from './words.ts'

/** What is kept of a command that never ends; the rest is only counted. */
const MAX_EVENTS = 10_000

/** FindCoordinator is none of them: it makes the topic of the offsets. */
const READS =
  /^(ApiVersions|Metadata|Fetch|ListOffsets|OffsetFetch|OffsetForLeaderEpoch|ConsumerGroupDescribe|Describe\w+|List\w+)$/

/** Writes down what a command's clients do on the network. */
export class Recorder implements RequestObserver {
  readonly events: (ConnectEvent | RequestEvent)[] = []
  /** Beyond those that are kept. */
  uncounted = 0
  /** Of addresses that say it themselves. */
  brokerOf: (address: Address) => number | undefined = () => undefined
  private readonly clock: Clock
  private readonly startMs: number
  private readonly topicNames = new Map<string, string>()
  /** `HOST:PORT` of brokers that metadata has named. */
  private readonly brokers = new Map<string, number>()
  /** How often something was asked that had failed before. */
  private readonly failed = new Map<string, number>()

  constructor(clock: Clock) {
    this.clock = clock
    this.startMs = clock.monotonicMs()
  }

  connecting(address: Address): ObservedConnect | undefined {
    const begin = this.clock.monotonicMs()
    const event: ConnectEvent = { event: 'connect', ...this.exchange(address, begin) }
    if (!this.keep(event)) return undefined
    return {
      connected: () => {
        event.elapsedMs = this.since(begin)
      },
      failed: (error) => {
        event.elapsedMs = this.since(begin)
        event.error = messageOf(error)
      },
    }
  }

  requesting({ address, api, version, body }: ObservedRequest): ObservedExchange | undefined {
    const begin = this.clock.monotonicMs()
    const asked = askedWords(api.name, body, this.topicNames)
    const key = `${api.name} ${asked}`
    const event: RequestEvent = {
      event: 'request',
      ...this.exchange(address, begin),
      api: api.name,
      key: api.key,
      version,
      asked,
      answer: null,
      requestBytes: 0,
      responseBytes: null,
      errorCodes: [],
      attempt: (this.failed.get(key) ?? 0) + 1,
    }
    const isKept = this.keep(event)
    return {
      sent: (sizeBytes) => {
        event.requestBytes = sizeBytes
      },
      received: (sizeBytes) => {
        event.responseBytes = sizeBytes
        event.elapsedMs = this.since(begin)
      },
      answered: (response) => {
        if (api.name === 'Metadata') this.learn(response)
        if (!isKept || response === undefined) return
        event.answer = answerWords(api.name, response, this.topicNames)
        event.errorCodes = errorCodesIn(response)
        this.count(key, event.errorCodes.length > 0)
      },
      failed: (error) => {
        event.elapsedMs = this.since(begin)
        event.error = messageOf(error)
        this.count(key, true)
      },
      abandoned: () => {
        event.elapsedMs = this.since(begin)
        event.answer = NOT_WAITED_FOR
      },
    }
  }

  /** Nothing was asked for that changes a cluster, now or a moment later. */
  get hasOnlyRead(): boolean {
    return this.events.every((event) => event.event === 'connect' || READS.test(event.api))
  }

  /** Brokers that only became known after they were asked get their ids. */
  nameBrokers(): void {
    for (const event of this.events) event.broker ??= this.brokers.get(event.address) ?? null
  }

  private exchange(address: Address, begin: number) {
    return {
      number: this.events.length + 1,
      startMs: rounded(begin - this.startMs),
      broker: this.brokerOf(address) ?? null,
      address: formatAddress(address),
      elapsedMs: null as number | null,
      error: null as string | null,
    }
  }

  private keep(event: ConnectEvent | RequestEvent): boolean {
    if (this.events.length < MAX_EVENTS) return this.events.push(event) > 0
    this.uncounted++
    return false
  }

  private count(key: string, hasFailed: boolean): void {
    if (hasFailed) this.failed.set(key, (this.failed.get(key) ?? 0) + 1)
    else this.failed.delete(key)
  }

  private learn(response: unknown): void {
    const { brokers = [], topics = [] } = response as {
      brokers?: readonly { nodeId: number; host: string; port: number }[]
      topics?: readonly { name: string | null; topicId?: string }[]
    }
    for (const { nodeId, host, port } of brokers)
      this.brokers.set(formatAddress({ kind: 'tcp', host, port }), nodeId)
    for (const { name, topicId } of topics)
      if (name !== null && topicId !== undefined) this.topicNames.set(String(topicId), name)
  }

  private since(begin: number): number {
    return rounded(this.clock.monotonicMs() - begin)
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
