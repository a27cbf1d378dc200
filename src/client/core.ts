import { sleep } from '../base/clock.ts'
import { KcliError, messageOf } from '../base/errors.ts'
import { type Address, formatAddress } from '../base/network.ts'
import { type Api, ERROR_CODES, type Fields, type Infer, type Input } from '../protocol/index.ts'
import { metadata as metadataApi } from '../protocol/messages/03-metadata.ts'
import { Connections } from './connections.ts'
import { type LearnedLeader, type LearnedNode, Metadata, type TopicInfo } from './metadata.ts'
import { type ClientKind, ConnectionMetrics, Metrics } from './metrics/index.ts'
import { BrokerError, ClientError, type Connection, NetworkError, type SendOptions } from './net/index.ts'
import { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './options.ts'

/** The key of a connection that was made by address, before any broker's id was known. */
const BOOTSTRAP = -1
/** The keys of connections to coordinators; the broker's id is added. */
const COORDINATORS = 2 ** 31

/** A topic made a moment ago may not be known to every broker yet; a misspelt one should not keep the user waiting. */
const UNKNOWN_TOPIC_PATIENCE_MS = 500

export interface TopicLookup {
  /** Let the broker make the topic if it does not exist and the broker is configured to. */
  readonly create?: boolean
  readonly timeoutMs?: number
}

/**
 * What producer, consumer and admin have in common: the connections, one to a broker, the metadata, and the rule for
 * trying again. Each of them has a core of its own, so a long poll of one never delays a request of another.
 */
export class ClientCore {
  readonly options: ResolvedClientOptions
  readonly metadata: Metadata
  readonly metrics: Metrics
  private readonly connections: Connections
  private readonly closeListeners: (() => void)[] = []
  private refreshedMs = Number.POSITIVE_INFINITY
  private forgottenMs = 0
  /** Topics whose metadata turned out to be old, and the work of asking for them. */
  private readonly outdated = new Set<string>()
  private updateWanted = false
  private updating: Promise<void> | undefined
  private nextUpdateMs = 0
  private updateFailures = 0
  /** Topics being looked up, so that a thousand records for a new topic ask once. */
  private readonly lookups = new Map<string, Promise<TopicInfo>>()
  private closed = false

  /** `kind`: how the groups of its metrics begin. */
  constructor(options: ClientOptions, kind: ClientKind = 'admin-client') {
    this.options = resolveClientOptions(options)
    const { clock, clientId, metricsSampleWindowMs, metricsNumSamples } = this.options
    this.metrics = new Metrics({
      clock,
      sampleWindowMs: metricsSampleWindowMs,
      numSamples: metricsNumSamples,
      tags: { 'client-id': clientId },
    })
    this.connections = new Connections(this.options, new ConnectionMetrics(this.metrics, kind))
    this.metadata = new Metadata({ watchesUse: Number.isFinite(this.options.metadataMaxIdleMs) })
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Called once, when the client closes and its connections are still open. */
  onClose(listener: () => void): void {
    this.closeListeners.push(listener)
  }

  close(): void {
    if (this.closed) return
    for (const listener of this.closeListeners.splice(0)) listener()
    this.closed = true
    this.connections.close()
  }

  /** The connection to a broker that the metadata names. Rejects with {@link NetworkError}. */
  connectionTo(nodeId: number): Promise<Connection> {
    return this.connectionOf(nodeId, nodeId)
  }

  /**
   * A connection of its own to a broker that coordinates a group: neither a fetch nor a join that waits there delays the
   * other. It is never taken for "any broker".
   */
  coordinatorConnectionTo(nodeId: number): Promise<Connection> {
    return this.connectionOf(COORDINATORS + nodeId, nodeId)
  }

  /** The connection to a broker, if there is one at the moment. */
  openConnectionTo(nodeId: number): Connection | undefined {
    return this.connections.openTo(nodeId)
  }

  private connectionOf(key: number, nodeId: number): Promise<Connection> {
    if (!this.metadata.brokers.has(nodeId))
      return Promise.reject(new NetworkError(`broker ${nodeId} is not known in the cluster`))
    return this.connections.to(key, (timeoutMs) => {
      // It may have moved while we waited.
      const node = this.metadata.brokers.get(nodeId)
      if (node === undefined) throw new NetworkError(`broker ${nodeId} is not known in the cluster`)
      return this.connections.openAt(this.options.resolver(node.host, node.port), timeoutMs)
    })
  }

  /**
   * Any broker: the connected one with the least to do, else one that is known, else one of the bootstrap addresses
   * (NetworkClient.leastLoadedNode). A broker that is slow to connect to keeps nobody from asking another. The connection
   * that came first is used only while there is no other: nobody else would notice that its broker hangs.
   */
  async anyConnection(): Promise<Connection> {
    const known = [...this.metadata.brokers.keys()]
    const open = this.connections.idlest(known) ?? this.connections.openTo(BOOTSTRAP)
    if (open !== undefined) return open
    for (const nodeId of known) {
      if (this.connections.waitMsOf(nodeId) > 0) continue
      const connection = await this.connectionTo(nodeId).catch(() => undefined)
      if (connection !== undefined) return connection
    }
    if (known.length === 0 || this.options.metadataRecoveryStrategy === 'rebootstrap')
      return this.connections.to(BOOTSTRAP, (timeoutMs) => this.openBootstrap(timeoutMs))
    const soonest = known.reduce((a, b) =>
      this.connections.waitMsOf(b) < this.connections.waitMsOf(a) ? b : a,
    )
    return this.connectionTo(soonest)
  }

  /** Takes leaders over that answers named (KIP-951). True when something was new: then it can be asked at once. */
  learnLeaders(leaders: readonly LearnedLeader[], nodes: readonly LearnedNode[]): boolean {
    return this.metadata.learnLeaders(leaders, nodes)
  }

  async controllerConnection(): Promise<Connection> {
    if (this.metadata.controllerId < 0) await this.refresh([])
    if (this.metadata.controllerId < 0)
      throw new BrokerError(ERROR_CODES.NOT_CONTROLLER, 'the cluster has no controller')
    return this.connectionTo(this.metadata.controllerId)
  }

  /** Asks any broker. */
  async sendToAny<Req extends Fields, Res extends Fields>(
    spec: Api<Req, Res>,
    body: Input<Req>,
    options?: SendOptions,
  ): Promise<Infer<Res>> {
    return (await this.anyConnection()).send(spec, body, options)
  }

  /** Brings topics up to date: the named ones, or all (`null`). Errors of single topics stay in their {@link TopicInfo}. */
  async refresh(topics: readonly string[] | null, options: { create?: boolean } = {}): Promise<void> {
    const connection = await this.anyConnection()
    const version = connection.versionOf(metadataApi)
    const response = await connection.send(metadataApi, {
      // Version 0 says "all" with an empty list and cannot say "none".
      topics: topics === null ? (version === 0 ? [] : null) : topics.map((name) => ({ name })),
      ...(version >= 4 ? { allowAutoTopicCreation: options.create ?? false } : {}),
    })
    this.metadata.update(response, topics === null)
    this.refreshedMs = this.options.clock.monotonicMs()
  }

  /**
   * For those who find their metadata out of date. Calls that come together become one request; there is a pause between
   * two (Metadata.requestUpdate with retry.backoff.ms). Resolves when everything asked for so far has been tried; never
   * rejects. Brokers and controller are always among the answers.
   */
  requestUpdate(topics: Iterable<string> = []): Promise<void> {
    this.updateWanted = true
    for (const topic of topics) this.outdated.add(topic)
    this.updating ??= this.update().finally(() => {
      this.updating = undefined
    })
    return this.updating
  }

  private async update(): Promise<void> {
    const { clock, logger } = this.options
    while (this.updateWanted && !this.closed) {
      const waitMs = this.nextUpdateMs - clock.monotonicMs()
      if (waitMs > 0) await sleep(clock, waitMs)
      if (this.closed) return
      const topics = [...this.outdated]
      this.outdated.clear()
      this.updateWanted = false
      try {
        await this.refresh(topics)
        this.updateFailures = 0
      } catch (error) {
        this.updateFailures++
        logger.debug(`metadata: ${messageOf(error)}`)
      }
      this.nextUpdateMs = clock.monotonicMs() + this.backoffMs(this.updateFailures)
    }
  }

  /** Asks for everything that is known once more when it is older than metadata.max.age.ms. */
  updateIfOld(): void {
    const { clock, metadataMaxIdleMs } = this.options
    if (clock.monotonicMs() - this.forgottenMs > metadataMaxIdleMs) {
      this.forgottenMs = clock.monotonicMs()
      this.metadata.forgetUnused()
    }
    if (this.metadataIsOld) void this.requestUpdate(this.metadata.topics.keys())
  }

  /** Infinite when there is none yet. */
  get metadataAgeMs(): number {
    return Math.abs(this.options.clock.monotonicMs() - this.refreshedMs)
  }

  private get metadataIsOld(): boolean {
    return this.options.clock.monotonicMs() - this.refreshedMs > this.options.metadataMaxAgeMs
  }

  /** Metadata of a topic, fetched when it is not known. Throws {@link BrokerError} when the topic cannot be used. */
  async topic(name: string, options: TopicLookup = {}): Promise<TopicInfo> {
    const known = this.metadata.topic(name)
    if (known !== undefined && known.errorCode === 0 && known.partitions.length > 0) return known
    let lookup = this.lookups.get(name)
    if (lookup === undefined) {
      lookup = this.lookUp(name, options).finally(() => this.lookups.delete(name))
      this.lookups.set(name, lookup)
    }
    return lookup
  }

  private async lookUp(name: string, options: TopicLookup): Promise<TopicInfo> {
    const { clock } = this.options
    const patientUntilMs = clock.monotonicMs() + UNKNOWN_TOPIC_PATIENCE_MS
    return this.retry(async () => {
      await this.refresh([name], options)
      const topic = this.metadata.topic(name)
      const errorCode = topic?.errorCode ?? ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION
      if (topic !== undefined && errorCode === 0) return topic
      const unknown = errorCode === ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION && options.create !== true
      if (unknown && clock.monotonicMs() >= patientUntilMs) {
        throw new ClientError('KCLI_UNKNOWN_TOPIC', unknownTopic(name), {
          retriable: false,
          hint: `Create it with: kcli topics create ${name}`,
        })
      }
      throw new BrokerError(errorCode, topicProblem(name, errorCode))
    }, options)
  }

  /** Runs `attempt` until it succeeds, fails for good, or `timeoutMs` have passed. Waits longer from time to time. */
  async retry<T>(attempt: () => Promise<T>, options: { timeoutMs?: number } = {}): Promise<T> {
    const { clock, apiTimeoutMs, retries } = this.options
    const deadlineMs = clock.monotonicMs() + (options.timeoutMs ?? apiTimeoutMs)
    for (let attempts = 0; ; attempts++) {
      try {
        return await attempt()
      } catch (error) {
        const backoffMs = this.backoffMs(attempts)
        const again = error instanceof ClientError && error.retriable && !this.closed && !isUnreachable(error)
        if (!again || attempts >= retries || clock.monotonicMs() + backoffMs > deadlineMs) throw error
        await sleep(clock, backoffMs)
      }
    }
  }

  /** Exponential with a fifth of jitter (KIP-580). */
  backoffMs(attempts: number): number {
    const { retryBackoffMs, retryBackoffMaxMs, random } = this.options
    const base = Math.min(retryBackoffMs * 2 ** attempts, retryBackoffMaxMs)
    return base * (0.8 + 0.4 * random.next())
  }

  private async openBootstrap(timeoutMs: number): Promise<Connection> {
    let last: unknown
    for (const address of await this.bootstrapAddresses()) {
      try {
        return await this.connections.openAt(address, timeoutMs)
      } catch (error) {
        if (error instanceof KcliError && !(error instanceof ClientError)) throw error
        last = error
      }
    }
    if (this.metadata.brokers.size > 0 && last instanceof Error) throw last
    throw new UnreachableError([...new Set(this.options.bootstrap.map(formatAddress))].join(', '), last)
  }

  private async bootstrapAddresses(): Promise<readonly Address[]> {
    const { bootstrap, dnsLookup } = this.options
    if (dnsLookup === 'use_all_dns_ips') return bootstrap
    const { canonicalAddresses } = await import('./canonical-addresses.ts')
    return canonicalAddresses(bootstrap, this.options.canonicalNames)
  }
}

/** No bootstrap address answered, ever. Trying for a minute would only make the user wait for the same message. */
export class UnreachableError extends ClientError {
  constructor(addresses: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : undefined
    // What happened at a single address names it already.
    const isTold = reason?.includes(addresses) === true
    const message = `no broker answers at ${addresses}${reason === undefined ? '' : `: ${reason}`}`
    super('KCLI_UNREACHABLE', isTold ? (reason ?? message) : message, {
      retriable: true,
      cause,
      hint: 'Check the address and that the cluster runs.',
    })
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UnreachableError
}

function unknownTopic(name: string): string {
  return `topic '${name}' does not exist`
}

/** In words why a topic cannot be used. */
export function topicProblem(name: string, errorCode: number): string {
  if (errorCode === ERROR_CODES.INVALID_TOPIC_EXCEPTION) return `'${name}' is not a valid topic name`
  if (errorCode === ERROR_CODES.TOPIC_AUTHORIZATION_FAILED) return `no permission to use topic '${name}'`
  if (errorCode === ERROR_CODES.LEADER_NOT_AVAILABLE) return `topic '${name}' has no leader yet`
  return unknownTopic(name)
}
