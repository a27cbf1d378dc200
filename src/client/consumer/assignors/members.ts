import type { TopicPartition } from '../../offsets.ts'
import type { MemberAssignment, MemberSubscription } from './assignor.ts'

export type Shares = Map<string, TopicPartition[]>

export function emptyShares(memberIds: Iterable<string>): Shares {
  return new Map([...memberIds].map((memberId) => [memberId, []]))
}

export function withoutUserData(shares: Shares): Map<string, MemberAssignment> {
  return new Map([...shares].map(([memberId, partitions]) => [memberId, { partitions, userData: null }]))
}

/**
 * Static members first, by their instance id, so that a restart changes nothing; the others by member id
 * (AbstractPartitionAssignor.MemberInfo).
 */
export function compareMembers(
  [idA, a]: readonly [string, MemberSubscription],
  [idB, b]: readonly [string, MemberSubscription],
): number {
  const instanceA = a.groupInstanceId
  const instanceB = b.groupInstanceId
  if (instanceA !== null && instanceB !== null) return compareTexts(instanceA, instanceB)
  if (instanceA !== null) return -1
  if (instanceB !== null) return 1
  return compareTexts(idA, idB)
}

/** As String.compareTo. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

export function rackOf(subscription: MemberSubscription): string | undefined {
  return subscription.rackId === null || subscription.rackId === '' ? undefined : subscription.rackId
}

/** Racks matter when members have some that partitions are in, and not every partition is everywhere (KIP-881). */
export function isRackAware(
  memberRacks: ReadonlySet<string>,
  partitionRacks: readonly ReadonlySet<string>[],
): boolean {
  const all = new Set(partitionRacks.flatMap((racks) => [...racks]))
  if (![...memberRacks].some((rack) => all.has(rack))) return false
  return partitionRacks.some((racks) => racks.size !== all.size)
}
