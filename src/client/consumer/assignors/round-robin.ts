import type { ClusterView, MemberSubscription, PartitionAssignor } from './assignor.ts'
import { compareMembers, emptyShares, withoutUserData } from './members.ts'

/** All partitions in order, dealt out like cards (org.apache.kafka.clients.consumer.RoundRobinAssignor). */
export function roundRobinAssignor(): PartitionAssignor {
  return {
    name: 'roundrobin',
    assign: (cluster, subscriptions) => withoutUserData(dealOut(cluster, subscriptions)),
  }
}

function dealOut(cluster: ClusterView, subscriptions: ReadonlyMap<string, MemberSubscription>) {
  const shares = emptyShares(subscriptions.keys())
  const members = [...subscriptions].sort(compareMembers)
  const topics = new Set(members.flatMap(([, subscription]) => subscription.topics))
  let next = 0
  for (const topic of [...topics].sort()) {
    for (const { partition } of cluster.get(topic) ?? []) {
      while (!members[next % members.length]?.[1].topics.includes(topic)) next++
      const [memberId] = members[next++ % members.length] as readonly [string, MemberSubscription]
      shares.get(memberId)?.push({ topic, partition })
    }
  }
  return shares
}
