import type { Metadata } from '../../metadata.ts'
import type {
  ClusterView,
  MemberAssignment,
  MemberSubscription,
  PartitionAssignor,
} from '../assignors/assignor.ts'
import { among, namesOf, without } from '../partitions.ts'
import { groupError } from './errors.ts'
import type { JoinedMember } from './membership.ts'
import { decodeSubscription, encodeAssignment } from './protocol.ts'

/** What is known of topics; those that do not exist or cannot be used now are missing. */
export function clusterView(metadata: Metadata, topics: Iterable<string>): ClusterView {
  const view = new Map<string, { partition: number; racks: string[] }[]>()
  for (const name of topics) {
    const topic = metadata.topic(name)
    if (topic === undefined || topic.errorCode !== 0 || topic.partitions.length === 0) continue
    const partitions = topic.partitions.map(({ partition, replicas }) => {
      const racks = replicas.flatMap((id) => metadata.brokers.get(id)?.rack ?? [])
      return { partition, racks: [...new Set(racks)] }
    })
    view.set(name, partitions)
  }
  return view
}

/** The same text for the same topics, partitions and (where they matter) racks: what the leader watches for changes. */
export function describeView(view: ClusterView, withRacks: boolean): string {
  const topics = [...view].map(([name, partitions]) => {
    const racks = withRacks ? partitions.map((at) => [...at.racks].sort().join('+')).join(',') : ''
    return `${name}:${partitions.length}:${racks}`
  })
  return topics.sort().join('\n')
}

export function readSubscriptions(members: readonly JoinedMember[]): Map<string, MemberSubscription> {
  return new Map(
    members.map(({ memberId, metadata, groupInstanceId }) => [
      memberId,
      decodeSubscription(metadata, groupInstanceId),
    ]),
  )
}

/** Lets the assignor share out, and looks at the result as far as a mistake in it could lose or repeat records. */
export function shareOut(
  assignor: PartitionAssignor,
  view: ClusterView,
  subscriptions: ReadonlyMap<string, MemberSubscription>,
  isCooperative: boolean,
): { memberId: string; assignment: Buffer }[] {
  const shares = assignor.assign(view, subscriptions)
  // The assignor of this name looks at generations itself, and knows better who owns what.
  if (isCooperative && assignor.name !== 'cooperative-sticky') requireRevokedFirst(subscriptions, shares)
  return [...shares].map(([memberId, share]) => ({ memberId, assignment: encodeAssignment(share) }))
}

/** What a member owns may go to another only when it has been given up, which takes a rebalance of its own (KIP-429). */
function requireRevokedFirst(
  subscriptions: ReadonlyMap<string, MemberSubscription>,
  shares: ReadonlyMap<string, MemberAssignment>,
): void {
  const added = []
  const revoked = []
  for (const [memberId, { partitions }] of shares) {
    const owned = subscriptions.get(memberId)?.ownedPartitions ?? []
    added.push(...without(partitions, owned))
    revoked.push(...without(owned, partitions))
  }
  const moved = among(added, revoked)
  if (moved.length > 0)
    throw groupError(`the assignor gave ${namesOf(moved)} to others while members still own them`)
}
