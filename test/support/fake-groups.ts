import { silentLogger } from '../../src/base/logger.ts'
import { seededRandom } from '../../src/base/random.ts'
import { groupHandlers } from '../../src/broker/api/group-handlers.ts'
import type { RequestContext } from '../../src/broker/api/handler.ts'
import { BrokerConfig } from '../../src/broker/broker-config.ts'
import { GroupCoordinator, OFFSETS_TOPIC } from '../../src/broker/group/index.ts'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { findCoordinator } from '../../src/protocol/messages/10-find-coordinator.ts'
import { FakeReplicas } from '../broker/group/support.ts'
import type { Call, FakeCluster } from './fake-broker.ts'

type Cache = Parameters<typeof groupHandlers>[0]['cache']
type Failure = { readonly errorCode: number } | undefined

/** The broker room's own coordinator of groups behind the brokers of a fake cluster. */
export class FakeGroups {
  readonly groups: GroupCoordinator
  readonly replicas = new FakeReplicas()
  /** The broker that coordinates all groups; the others say so. */
  broker = 0
  private readonly cluster: FakeCluster

  constructor(cluster: FakeCluster, properties: Readonly<Record<string, string>> = {}) {
    this.cluster = cluster
    const config = BrokerConfig.fromProperties({
      'broker.id': '0',
      'offsets.topic.num.partitions': '1',
      'group.initial.rebalance.delay.ms': '0',
      ...properties,
    })
    this.groups = new GroupCoordinator({
      config,
      clock: cluster.clock,
      random: seededRandom(1),
      logger: silentLogger,
      replicas: this.replicas,
      offsetsTopic: { isThere: () => true, stored: () => Promise.resolve(1) },
    })
    this.groups.onLeadershipChange([{ topic: OFFSETS_TOPIC, partition: 0 }], [])
    const cache = {
      hasTopic: (topic: string) => cluster.topics.has(topic),
      partition: (topic: string, partition: number) => cluster.topics.get(topic)?.logs[partition],
    } as unknown as Cache
    const zk = { setConsumerOffset: async () => undefined, consumerOffset: async () => null }
    for (const handler of groupHandlers({ groups: this.groups, cache, zk, config })) {
      cluster.handlers.set(handler.spec.key, async (call: Call, failure: Failure) => {
        const context = contextOf(call)
        const errorCode =
          failure?.errorCode ?? (call.broker === this.broker ? 0 : ERROR_CODES.NOT_COORDINATOR)
        if (errorCode !== 0) return handler.onError(call.body, errorCode, context) as object
        return (await handler.handle(call.body, context)) as object
      })
    }
    cluster.handlers.set(findCoordinator.key, async (call, failure) => this.find(call, failure))
  }

  /** Committed offsets by topic and partition. */
  async offsets(groupId: string): Promise<Record<string, number>> {
    const { offsets } = await this.groups.offsets.fetch(groupId, null, false)
    return Object.fromEntries(
      offsets.map(({ topic, partition, committed }) => [`${topic}-${partition}`, committed?.offset ?? -1]),
    )
  }

  /** Member ids and state. */
  async describe(groupId: string) {
    const { state, members } = await this.groups.admin.describe(groupId)
    return { state, members: members.map(({ memberId }) => memberId) }
  }

  private find(call: Call, failure: Failure): object {
    const errorCode = failure?.errorCode ?? 0
    const host = this.cluster.brokerIds.length > 0 ? `broker-${this.broker}` : ''
    const answer = { errorCode, nodeId: this.broker, host, port: 9092 }
    if (call.version < 4) return answer
    const keys: string[] = call.body.coordinatorKeys
    return { coordinators: keys.map((key) => ({ key, ...answer })) }
  }
}

function contextOf(call: Call): RequestContext {
  return {
    apiVersion: call.version,
    correlationId: 0,
    clientId: 'client',
    listenerName: 'PLAINTEXT',
    connectionId: `${call.broker}`,
    clientHost: '/127.0.0.1',
    principal: 'User:ANONYMOUS',
    clientSoftware: null,
  }
}
