import { ReplicationQuota } from './replication-quota.ts'
import type { ReplicaManagerOptions } from './types.ts'

/** Of what this broker gives to followers, or takes as one. */
export function replicationQuota(
  options: ReplicaManagerOptions,
  role: 'leader' | 'follower',
): ReplicationQuota {
  const { brokerId, clock, throttles } = options
  return new ReplicationQuota({
    brokerId,
    clock,
    bytesPerSecond: () => throttles?.rate(role) ?? Number.POSITIVE_INFINITY,
    throttledReplicas: (topic) => throttles?.replicas(role, topic),
    windowCount: throttles?.windowCount ?? 1,
    windowMs: throttles?.windowMs ?? 1000,
  })
}
