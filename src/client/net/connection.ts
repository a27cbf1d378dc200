import type { Clock, Timer } from '../../base/clock.ts'
import { KcliError, messageOf, systemErrorCode } from '../../base/errors.ts'
import { type Address, type Channel, formatAddress, type Network, type Part } from '../../base/network.ts'
import {
  type Api,
  CodecError,
  decodeResponseBody,
  decodeResponseHeader,
  ERROR_CODES,
  encodeRequest,
  type Fields,
  FrameDecoder,
  type Infer,
  type Input,
  Reader,
  type VersionRange,
} from '../../protocol/index.ts'
import { apiVersions } from '../../protocol/messages/18-api-versions.ts'
import { NetworkError, RequestTimeoutError, UnsupportedVersionError } from './errors.ts'
import type { ObservedExchange, RequestObserver } from './observer.ts'
import { throttleMsOf } from './throttle.ts'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly clientId: string | null
  readonly connectTimeoutMs: number
  /** How long one request may take before the connection is given up, as in Kafka's NetworkClient. */
  readonly requestTimeoutMs: number
  /** SO_SNDBUF and SO_RCVBUF of a socket; -1 or none: what the system chooses. */
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
  /** A larger response closes the connection. */
  readonly maxResponseBytes?: number
  readonly software?: { readonly name: string; readonly version: string }
  readonly observer?: RequestObserver | undefined
}

export interface SendOptions {
  /** Exactly this version. */
  readonly version?: number
  /** The highest version to use, for requests that mean something else in later ones. */
  readonly maxVersion?: number
  readonly timeoutMs?: number
}

/** Is told what goes over a connection. */
export interface TrafficObserver {
  requested(sizeBytes: number): void
  answered(sizeBytes: number, latencyMs: number): void
}

interface InFlight {
  readonly correlationId: number
  readonly spec: Api
  readonly version: number
  readonly timeoutMs: number
  deadlineMs: number
  readonly observed: ObservedExchange | undefined
  readonly resolve: (reader: Reader) => void
  readonly reject: (error: Error) => void
}

/** The length in front of each frame. */
const FRAME_SIZE_BYTES = 4
const MAX_RESPONSE_BYTES = 512 * 1024 * 1024
const DEFAULT_SOFTWARE = { name: 'kcli', version: '0.1.0' }

/**
 * One connection to one broker. Requests are pipelined; a broker answers in order. After a timeout, a malformed answer or
 * a lost channel every request in flight fails and the connection is of no more use. When the broker throttles, requests
 * wait here until its time is over (KIP-219).
 */
export class Connection {
  readonly address: Address
  private readonly channel: Channel
  private readonly options: ConnectionOptions
  private readonly frames: FrameDecoder
  private readonly inFlight: InFlight[] = []
  /** Written when the broker no longer throttles. */
  private readonly held: { readonly request: InFlight | undefined; readonly parts: readonly Part[] }[] = []
  private throttledUntilMs = 0
  /** When something was last sent or received, by the monotonic clock. */
  lastUsedMs: number
  traffic: TrafficObserver | undefined
  private readonly closeListeners: (() => void)[] = []
  private drainListeners: (() => void)[] = []
  private versions: ReadonlyMap<number, VersionRange> = new Map()
  private nextCorrelationId = 1
  private timer: Timer | undefined
  private throttleTimer: Timer | undefined
  private failure: Error | undefined
  private hasHeard = false

  /**
   * Connects and asks for the broker's versions. Rejects with {@link NetworkError}, {@link RequestTimeoutError}, or the
   * network's own KcliError.
   */
  static async open(network: Network, address: Address, options: ConnectionOptions): Promise<Connection> {
    let channel: Channel
    const observed = options.observer?.connecting(address)
    try {
      channel = await network.connect(address, {
        timeoutMs: options.connectTimeoutMs,
        sendBufferBytes: options.sendBufferBytes ?? -1,
        receiveBufferBytes: options.receiveBufferBytes ?? -1,
      })
    } catch (error) {
      observed?.failed(error)
      // A network that runs the broker itself says better why it cannot, and trying again would not help.
      if (error instanceof KcliError) throw error
      const reason = systemErrorCode(error) ?? messageOf(error)
      throw new NetworkError(`cannot connect to ${formatAddress(address)} (${reason})`, { cause: error })
    }
    observed?.connected()
    const connection = new Connection(address, channel, options)
    try {
      connection.versions = await connection.fetchVersions()
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  private constructor(address: Address, channel: Channel, options: ConnectionOptions) {
    this.address = address
    this.channel = channel
    this.options = options
    this.lastUsedMs = options.clock.monotonicMs()
    this.frames = new FrameDecoder(options.maxResponseBytes ?? MAX_RESPONSE_BYTES)
    channel.start({
      data: (chunk) => this.onData(chunk),
      drain: () => this.onDrain(),
      close: (error) => {
        this.timer?.cancel()
        this.fail(new NetworkError(this.lost(error), { cause: error ?? undefined }))
      },
    })
  }

  get isOpen(): boolean {
    return this.failure === undefined
  }

  /** Requests not yet answered. */
  get inFlightCount(): number {
    return this.inFlight.length + this.held.length
  }

  get isThrottled(): boolean {
    return this.held.length > 0 || this.throttledUntilMs > this.options.clock.monotonicMs()
  }

  /** The versions of every API that the broker serves, by key. */
  get brokerVersions(): ReadonlyMap<number, VersionRange> {
    return this.versions
  }

  /** Called once, when the connection is of no more use. */
  onClose(listener: () => void): void {
    if (this.failure !== undefined) listener()
    else this.closeListeners.push(listener)
  }

  /** The highest version of an API that both sides know. Throws {@link UnsupportedVersionError}. */
  versionOf<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    maxVersion = Number.POSITIVE_INFINITY,
  ): number {
    const theirs = this.versions.get(spec.key)
    if (theirs === undefined) {
      throw new UnsupportedVersionError(
        `the broker at ${formatAddress(this.address)} does not serve ${spec.name}`,
      )
    }
    const ours = spec.request.versions
    const version = Math.min(theirs.to, ours.to, maxVersion)
    if (version < theirs.from || version < ours.from) {
      throw new UnsupportedVersionError(
        `the broker at ${formatAddress(this.address)} serves ${spec.name} ${theirs.from}-${theirs.to}, we need ${ours.from}-${Math.min(ours.to, maxVersion)}`,
      )
    }
    return version
  }

  /** Sends a request and resolves to its answer; error codes in it are the caller's business. */
  async send<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    body: Input<Req>,
    options: SendOptions = {},
  ): Promise<Infer<Res>> {
    const version = options.version ?? this.versionOf(spec, options.maxVersion)
    const observed = this.observe(spec, version, body)
    const reader = await this.exchange(spec, version, body, observed, options.timeoutMs)
    try {
      const response = decodeResponseBody(spec, version, reader) as Infer<Res>
      observed?.answered(response)
      const throttleMs = throttleMsOf(spec.key, version, response)
      if (throttleMs > 0) this.throttle(throttleMs)
      return response
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      observed?.failed(error)
      const place = formatAddress(this.address)
      const malformed = new NetworkError(`a malformed answer from ${place}: ${error.message}`, {
        cause: error,
      })
      this.fail(malformed)
      throw malformed
    }
  }

  /** For the one request that has no answer: Produce with acks=0. */
  sendNoResponse<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    body: Input<Req>,
    options: SendOptions = {},
  ): void {
    if (this.failure !== undefined) throw this.failure
    const version = options.version ?? this.versionOf(spec, options.maxVersion)
    const header = { correlationId: this.nextCorrelationId++, clientId: this.options.clientId }
    const observed = this.observe(spec, version, body)
    const parts = encodeRequest(spec, version, header, body)
    observed?.sent(lengthOf(parts))
    this.write(undefined, parts)
    observed?.answered(undefined)
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.channel.bufferedBytes
  }

  /** Resolves when everything written has been taken, or the connection has ended. */
  drained(): Promise<void> {
    if (!this.isOpen || this.channel.bufferedBytes === 0) return Promise.resolve()
    return new Promise((resolve) => this.drainListeners.push(resolve))
  }

  /** What was written is still sent. */
  close(): void {
    this.fail(new NetworkError(`the connection to ${formatAddress(this.address)} was closed`), true)
  }

  private exchange<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    version: number,
    body: Input<Req>,
    observed: ObservedExchange | undefined,
    timeoutMs = this.options.requestTimeoutMs,
  ): Promise<Reader> {
    if (this.failure !== undefined) {
      observed?.failed(this.failure)
      return Promise.reject(this.failure)
    }
    const correlationId = this.nextCorrelationId++
    const parts = encodeRequest(spec, version, { correlationId, clientId: this.options.clientId }, body)
    observed?.sent(lengthOf(parts))
    return new Promise((resolve, reject) => {
      const request: InFlight = {
        correlationId,
        spec: spec as unknown as Api,
        version,
        timeoutMs,
        deadlineMs: 0,
        observed,
        resolve,
        reject,
      }
      this.write(request, parts)
    })
  }

  /** A request's time begins when it is sent. */
  private write(request: InFlight | undefined, parts: readonly Part[]): void {
    if (this.isThrottled) {
      this.held.push({ request, parts })
      return
    }
    this.lastUsedMs = this.options.clock.monotonicMs()
    if (request !== undefined) {
      request.deadlineMs = this.lastUsedMs + request.timeoutMs
      this.inFlight.push(request)
      this.watchDeadlines()
    }
    this.traffic?.requested(lengthOf(parts))
    this.channel.write(parts)
  }

  private throttle(throttleMs: number): void {
    const { clock } = this.options
    const untilMs = clock.monotonicMs() + throttleMs
    if (untilMs <= this.throttledUntilMs) return
    this.throttledUntilMs = untilMs
    this.throttleTimer?.cancel()
    this.throttleTimer = clock.setTimer(throttleMs, () => {
      this.throttledUntilMs = 0
      for (const { request, parts } of this.held.splice(0)) this.write(request, parts)
    })
  }

  private onData(chunk: Buffer): void {
    const other = this.hasHeard ? undefined : otherProtocol(chunk)
    this.hasHeard = true
    this.lastUsedMs = this.options.clock.monotonicMs()
    if (other !== undefined) {
      this.fail(new NetworkError(`${formatAddress(this.address)} is no Kafka broker: ${other}`))
      return
    }
    try {
      this.frames.push(chunk)
      for (let frame = this.frames.next(); frame !== null; frame = this.frames.next()) this.onFrame(frame)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      const place = formatAddress(this.address)
      this.fail(new NetworkError(`${place} did not answer in Kafka's protocol: ${error.message}`))
    }
  }

  private onFrame(frame: Buffer): void {
    const request = this.inFlight.shift()
    if (request === undefined) throw new CodecError('an answer to no request')
    const reader = new Reader(frame)
    try {
      const { correlationId } = decodeResponseHeader(reader, request.spec, request.version)
      if (correlationId !== request.correlationId) {
        throw new CodecError(`an answer to request ${correlationId}, not ${request.correlationId}`)
      }
    } catch (error) {
      request.observed?.failed(error)
      request.reject(
        new NetworkError(`a malformed answer from ${formatAddress(this.address)}`, { cause: error }),
      )
      throw error
    }
    this.traffic?.answered(
      FRAME_SIZE_BYTES + frame.length,
      this.lastUsedMs - (request.deadlineMs - request.timeoutMs),
    )
    request.observed?.received(FRAME_SIZE_BYTES + frame.length)
    request.resolve(reader)
  }

  /** One timer for all requests in flight; it is set anew only when it fires. */
  private watchDeadlines(): void {
    if (this.timer !== undefined) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const request of this.inFlight) nextMs = Math.min(nextMs, request.deadlineMs)
    if (nextMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(1, nextMs - this.options.clock.monotonicMs())
    this.timer = this.options.clock.setTimer(delayMs, () => this.onDeadline(), { unref: true })
  }

  private onDeadline(): void {
    this.timer = undefined
    const nowMs = this.options.clock.monotonicMs()
    const late = this.inFlight.find((request) => request.deadlineMs <= nowMs)
    if (late === undefined) this.watchDeadlines()
    else {
      const name = late.spec.name
      this.fail(new RequestTimeoutError(`${formatAddress(this.address)} did not answer ${name} in time`))
    }
  }

  private fail(error: Error, isOrderly = false): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.timer?.cancel()
    this.throttleTimer?.cancel()
    if (isOrderly && this.channel.bufferedBytes > 0) this.endChannel()
    else this.channel.destroy()
    const held = this.held.splice(0).flatMap(({ request }) => request ?? [])
    for (const request of [...this.inFlight.splice(0), ...held]) {
      if (isOrderly) request.observed?.abandoned()
      else request.observed?.failed(error)
      request.reject(error)
    }
    for (const listener of this.closeListeners.splice(0)) listener()
    this.onDrain()
  }

  /** A broker that does not take it cannot hold us for longer than a request may take. */
  private endChannel(): void {
    const { clock, requestTimeoutMs } = this.options
    this.timer = clock.setTimer(requestTimeoutMs, () => this.channel.destroy(), { unref: true })
    this.channel.end()
  }

  private onDrain(): void {
    const listeners = this.drainListeners
    this.drainListeners = []
    for (const listener of listeners) listener()
  }

  private lost(error: Error | null): string {
    const reason = error === null ? '' : ` (${systemErrorCode(error) ?? error.message})`
    return `the connection to ${formatAddress(this.address)} was lost${reason}`
  }

  /** A broker that does not know our version of ApiVersions says so in version 0, with the versions that it does know. */
  private async fetchVersions(): Promise<ReadonlyMap<number, VersionRange>> {
    const software = this.options.software ?? DEFAULT_SOFTWARE
    const body = { clientSoftwareName: software.name, clientSoftwareVersion: software.version }
    let version = apiVersions.request.versions.to
    for (;;) {
      const asked = version >= 3 ? body : {}
      const observed = this.observe(apiVersions, version, asked)
      const reader = await this.exchange(apiVersions, version, asked, observed)
      const response = this.decodeVersions(reader, version, observed)
      const ranges = new Map(
        response.apiKeys.map((api) => [api.apiKey, { from: api.minVersion, to: api.maxVersion }] as const),
      )
      if (response.errorCode === ERROR_CODES.NONE) return ranges
      const known = ranges.get(apiVersions.key)?.to ?? 0
      if (response.errorCode !== ERROR_CODES.UNSUPPORTED_VERSION || known >= version) {
        throw new UnsupportedVersionError(
          `${formatAddress(this.address)} refused to name its API versions (error ${response.errorCode})`,
        )
      }
      version = known
    }
  }

  private observe(api: unknown, version: number, body: unknown): ObservedExchange | undefined {
    return this.options.observer?.requesting({ address: this.address, api: api as Api, version, body })
  }

  private decodeVersions(reader: Reader, version: number, observed: ObservedExchange | undefined) {
    const start = reader.position
    const errorCode = reader.int16()
    reader.position = start
    try {
      const answer = errorCode === ERROR_CODES.UNSUPPORTED_VERSION ? 0 : version
      const response = apiVersions.response.decode(reader, answer)
      observed?.answered(response)
      return response
    } catch (error) {
      observed?.failed(error)
      const place = formatAddress(this.address)
      throw new NetworkError(`${place} does not seem to be a Kafka broker: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
}

function lengthOf(parts: readonly Part[]): number {
  let length = 0
  for (const part of parts) length += part.length
  return length
}

/** What else is often behind an address, by its first bytes. */
function otherProtocol(chunk: Buffer): string | undefined {
  if (chunk.toString('latin1', 0, 5) === 'HTTP/') return 'it is an HTTP server'
  // A TLS alert or handshake record of any version.
  if ((chunk[0] === 0x15 || chunk[0] === 0x16) && chunk[1] === 0x03) return 'it wants TLS'
  return undefined
}
