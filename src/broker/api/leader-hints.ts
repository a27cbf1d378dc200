import type { LeaderOfPartition, ReplicaManager } from '../replica/index.ts'

interface NodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/**
 * Tells a client that came to the wrong broker where to go, and how to get there, without another metadata request
 * (KIP-951). The endpoints are those of the listener that the client uses.
 */
export function leaderHints(replicas: ReplicaManager, listenerName: string) {
  const endpoints = new Map<number, NodeEndpoint>()
  return {
    of(topic: string, partition: number): LeaderOfPartition {
      const leader = replicas.leaderOf(topic, partition)
      const node = replicas.metadata.brokerEndpoint(leader.leaderId, listenerName)
      if (node !== undefined) {
        const { host, port, rack } = node
        endpoints.set(leader.leaderId, { nodeId: leader.leaderId, host, port, rack })
      }
      return leader
    },
    endpoints: (): NodeEndpoint[] => [...endpoints.values()],
  }
}
