import type { Clock } from '../../src/base/clock.ts'
import type { Channel, Network } from '../../src/base/network.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import {
  type Api,
  decodeRequestHeader,
  encodeResponse,
  FrameDecoder,
  peekRequest,
  Reader,
} from '../../src/protocol/index.ts'
import { produce } from '../../src/protocol/messages/00-produce.ts'
import { fetch } from '../../src/protocol/messages/01-fetch.ts'
import { listOffsets } from '../../src/protocol/messages/02-list-offsets.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { offsetCommit } from '../../src/protocol/messages/08-offset-commit.ts'
import { offsetFetch } from '../../src/protocol/messages/09-offset-fetch.ts'
import { findCoordinator } from '../../src/protocol/messages/10-find-coordinator.ts'
import { joinGroup } from '../../src/protocol/messages/11-join-group.ts'
import { heartbeat } from '../../src/protocol/messages/12-heartbeat.ts'
import { leaveGroup } from '../../src/protocol/messages/13-leave-group.ts'
import { syncGroup } from '../../src/protocol/messages/14-sync-group.ts'
import { describeGroups } from '../../src/protocol/messages/15-describe-groups.ts'
import { apiVersions } from '../../src/protocol/messages/18-api-versions.ts'
import { createTopics } from '../../src/protocol/messages/19-create-topics.ts'
import { deleteTopics } from '../../src/protocol/messages/20-delete-topics.ts'
import { deleteRecords } from '../../src/protocol/messages/21-delete-records.ts'
import { initProducerId } from '../../src/protocol/messages/22-init-producer-id.ts'
import { offsetForLeaderEpoch } from '../../src/protocol/messages/23-offset-for-leader-epoch.ts'
import { describeAcls } from '../../src/protocol/messages/29-describe-acls.ts'
import { createAcls } from '../../src/protocol/messages/30-create-acls.ts'
import { createPartitions } from '../../src/protocol/messages/37-create-partitions.ts'
import { deleteGroups } from '../../src/protocol/messages/42-delete-groups.ts'
import { alterUserScramCredentials } from '../../src/protocol/messages/51-alter-user-scram-credentials.ts'
import { updateFeatures } from '../../src/protocol/messages/57-update-features.ts'
import { describeProducers } from '../../src/protocol/messages/61-describe-producers.ts'
import { describeTransactions } from '../../src/protocol/messages/65-describe-transactions.ts'
import { listTransactions } from '../../src/protocol/messages/66-list-transactions.ts'
import { consumerGroupDescribe } from '../../src/protocol/messages/69-consumer-group-describe.ts'
import {
  answerEpochs,
  answerFetch,
  answerListOffsets,
  answerMetadata,
  answerProduce,
} from './fake-answers.ts'
import { FakeLog } from './fake-log.ts'
import { FakeSessions } from './fake-sessions.ts'

export const SPECS = [
  produce,
  fetch,
  listOffsets,
  metadata,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  createPartitions,
  findCoordinator,
  offsetCommit,
  deleteGroups,
  describeGroups,
  consumerGroupDescribe,
  offsetFetch,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeAcls,
  createAcls,
  alterUserScramCredentials,
  updateFeatures,
  describeProducers,
  describeTransactions,
  listTransactions,
] as unknown as readonly Api[]

/** A request as a broker sees it. */
export interface Call {
  readonly broker: number
  readonly spec: Api
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: scripts look into requests of every kind
  readonly body: any
}

/** What a script does with a request in place of answering it. Undefined: answer it as a broker does. */
export type Fault =
  | undefined
  /** The connection ends, before the request is carried out or after it. */
  | { readonly drop: 'before' | 'after' }
  /** Every partition gets this error, and nothing is done. */
  | { readonly errorCode: number; readonly logStartOffset?: number }
  /** Carried out, and answered when this resolves. */
  | { readonly holdAnswer: Promise<void> }
  /** Carried out when this resolves. Later requests of the connection wait, as they do in Kafka. */
  | { readonly hold: Promise<void> }
  /** This answer. */
  | { readonly answer: object }
  | 'silence'
  /** Carried out; only the answer is lost. */
  | 'mute'

/** Brokers in memory that speak Kafka's protocol over pipes, and do as they are told. */
export class FakeCluster {
  readonly clock: Clock
  readonly network: Network
  readonly topics = new Map<string, { id: string; logs: FakeLog[] }>()
  readonly calls: Call[] = []
  readonly down = new Set<number>()
  readonly brokerIds: number[]
  controller = 0
  /** Asked about every request but ApiVersions. */
  script: (call: Call) => Fault = () => undefined
  nextProducerId = 1000
  /** Of an old broker, by API key. */
  maxVersions: ReadonlyMap<number, number> = new Map()
  /** For further requests, by API key: FakeGroups brings those of groups. */
  readonly handlers = new Map<
    number,
    (call: Call, failure: { readonly errorCode: number } | undefined) => Promise<object>
  >()
  private readonly sessions = new Map<number, FakeSessions>()
  private readonly channels = new Map<number, Set<Channel>>()
  private readonly appendListeners = new Set<() => void>()

  private constructor(clock: Clock, brokers: number) {
    this.clock = clock
    this.network = createNodeNetwork(clock)
    this.brokerIds = Array.from({ length: brokers }, (_, id) => id)
  }

  static async start(clock: Clock, options: { brokers?: number } = {}): Promise<FakeCluster> {
    const cluster = new FakeCluster(clock, options.brokers ?? 1)
    for (const id of cluster.brokerIds) {
      cluster.channels.set(id, new Set())
      await cluster.network.listen({ kind: 'pipe', name: `broker-${id}` }, (channel) =>
        cluster.accept(id, channel),
      )
    }
    return cluster
  }

  clientOptions(more: Partial<ClientOptions> = {}): ClientOptions {
    return {
      bootstrap: this.brokerIds.map((id) => ({ kind: 'pipe' as const, name: `broker-${id}` })),
      network: this.network,
      clock: this.clock,
      random: seededRandom(1),
      resolver: (host) => ({ kind: 'pipe', name: host }),
      ...more,
    }
  }

  /** Leaders are the brokers in turn. */
  addTopic(name: string, partitions = 1): FakeLog[] {
    const logs = Array.from({ length: partitions }, (_, index) => {
      const log = new FakeLog()
      log.leader = this.brokerIds[index % this.brokerIds.length] ?? 0
      return log
    })
    const id = `0000000000000000000${this.topics.size + 10}A`.slice(-22)
    this.topics.set(name, { id, logs })
    return logs
  }

  log(topic: string, partition = 0): FakeLog {
    const log = this.topics.get(topic)?.logs[partition]
    if (log === undefined) throw new Error(`no ${topic}-${partition}`)
    return log
  }

  sessionsOf(broker: number): FakeSessions {
    let sessions = this.sessions.get(broker)
    if (sessions === undefined) {
      sessions = new FakeSessions()
      this.sessions.set(broker, sessions)
    }
    return sessions
  }

  move(log: FakeLog, leader: number): void {
    log.leader = leader
    log.leaderEpoch++
  }

  /** Ends the connections of a broker; with `down` it takes no new ones. */
  disconnect(broker: number): void {
    for (const channel of [...(this.channels.get(broker) ?? [])]) channel.destroy()
  }

  callsOf(spec: { key: number }): Call[] {
    return this.calls.filter((call) => call.spec.key === spec.key)
  }

  appended(): void {
    for (const listener of [...this.appendListeners]) listener()
  }

  /** Resolves at the next append, or after `ms`. */
  nextAppend(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        this.appendListeners.delete(done)
        resolve()
      }
      const timer = this.clock.setTimer(ms, done)
      this.appendListeners.add(done)
    })
  }

  private accept(broker: number, channel: Channel): void {
    if (this.down.has(broker)) {
      channel.destroy()
      return
    }
    this.channels.get(broker)?.add(channel)
    const frames = new FrameDecoder(1 << 28)
    // One request after the other, as on a real connection.
    let turn = Promise.resolve()
    let open = true
    channel.start({
      data: (chunk) => {
        frames.push(chunk)
        for (let frame = frames.next(); frame !== null; frame = frames.next()) {
          const request = frame
          turn = turn.then(() => (open ? this.serve(broker, channel, request) : undefined))
        }
      },
      close: () => {
        open = false
        this.channels.get(broker)?.delete(channel)
      },
    })
  }

  private async serve(broker: number, channel: Channel, frame: Buffer): Promise<void> {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame)
    const spec = SPECS.find((api) => api.key === apiKey)
    if (spec === undefined) throw new Error(`no API ${apiKey} in the fake broker`)
    const reader = new Reader(frame)
    decodeRequestHeader(reader, spec, apiVersion)
    const call: Call = { broker, spec, version: apiVersion, body: spec.request.decode(reader, apiVersion) }
    if (apiKey === apiVersions.key) {
      const apiKeys = SPECS.map(({ key, request }) => ({
        apiKey: key,
        minVersion: request.versions.from,
        maxVersion: Math.min(request.versions.to, this.maxVersions.get(key) ?? Number.POSITIVE_INFINITY),
      }))
      channel.write(encodeResponse(spec, apiVersion, correlationId, { apiKeys }))
      return
    }
    this.calls.push(call)
    const fault = this.script(call)
    if (fault === 'silence') return
    if (fault === 'mute') {
      await this.carryOut(call, undefined)
      return
    }
    if (fault !== undefined && 'drop' in fault) {
      if (fault.drop === 'after') await this.carryOut(call, undefined)
      channel.destroy()
      return
    }
    if (fault !== undefined && 'hold' in fault) await fault.hold
    const answer = await this.carryOut(call, fault)
    if (fault !== undefined && 'holdAnswer' in fault) await fault.holdAnswer
    if (call.spec.key === produce.key && call.body.acks === 0) return
    channel.write(encodeResponse(spec, apiVersion, correlationId, answer))
  }

  private async carryOut(call: Call, fault: Fault): Promise<object> {
    if (fault !== undefined && typeof fault !== 'string' && 'answer' in fault) return fault.answer
    const error = fault !== undefined && typeof fault !== 'string' && 'errorCode' in fault ? fault : undefined
    switch (call.spec.key) {
      case produce.key:
        return answerProduce(this, call, error)
      case fetch.key:
        return answerFetch(this, call, error)
      case listOffsets.key:
        return answerListOffsets(this, call, error)
      case offsetForLeaderEpoch.key:
        return answerEpochs(this, call, error)
      case metadata.key:
        return answerMetadata(this, call, error)
      case initProducerId.key:
        return { errorCode: error?.errorCode ?? 0, producerId: this.nextProducerId++, producerEpoch: 0 }
      default: {
        const handler = this.handlers.get(call.spec.key)
        if (handler === undefined) throw new Error(`the script has to answer ${call.spec.name}`)
        return handler(call, error)
      }
    }
  }
}
