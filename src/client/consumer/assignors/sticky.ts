import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from '../fetch/position.ts'
import type { ClusterView, MemberAssignment, MemberSubscription, PartitionAssignor } from './assignor.ts'
import { inHashOrder } from './java-order.ts'
import { type Shares, withoutUserData } from './members.ts'
import { shareEqually } from './sticky-equal.ts'
import { shareGenerally } from './sticky-general.ts'
import {
  encodeCooperativeUserData,
  encodeStickyUserData,
  NO_GENERATION_ID,
  type PriorShare,
  readCooperativeShare,
  readStickyShare,
} from './sticky-members.ts'
import { StickyRacks } from './sticky-racks.ts'

/**
 * As even as can be, and as much as can be stays where it was; all partitions are given up before each rebalance
 * (org.apache.kafka.clients.consumer.StickyAssignor).
 */
export function stickyAssignor(): PartitionAssignor {
  const sharing = new StickySharing(readStickyShare)
  let mine: MemberAssignment | undefined
  let generation = NO_GENERATION_ID
  return {
    name: 'sticky',
    subscriptionUserData: () =>
      mine === undefined ? null : encodeStickyUserData(mine.partitions, generation),
    assign: (cluster, subscriptions) => withoutUserData(sharing.share(cluster, subscriptions).shares),
    onAssignment: (assignment, group) => {
      mine = assignment
      generation = group.generationId
    },
  }
}

/**
 * The same shares, reached in two steps: what moves is first given up by its owner, and goes to its new one in the
 * rebalance after that. What stays is read without a pause (org.apache.kafka.clients.consumer.CooperativeStickyAssignor).
 */
export function cooperativeStickyAssignor(): PartitionAssignor {
  const sharing = new StickySharing(readCooperativeShare)
  let generation = NO_GENERATION_ID
  return {
    name: 'cooperative-sticky',
    protocols: ['cooperative', 'eager'],
    subscriptionUserData: () => encodeCooperativeUserData(generation),
    assign: (cluster, subscriptions) => {
      const { shares, moved } = sharing.share(cluster, subscriptions)
      withhold(shares, moved ?? movedBetween(subscriptions, shares))
      return withoutUserData(shares)
    },
    onAssignment: (_assignment, group) => {
      generation = group.generationId
    },
  }
}

/** Takes out what its owner has to give up first. */
function withhold(shares: Shares, moved: ReadonlySet<string>): void {
  if (moved.size === 0) return
  for (const [memberId, share] of shares)
    shares.set(
      memberId,
      share.filter((at) => !moved.has(nameOf(at))),
    )
}

function movedBetween(subscriptions: ReadonlyMap<string, MemberSubscription>, shares: Shares): Set<string> {
  const added = new Set<string>()
  const revoked = new Set<string>()
  for (const [memberId, share] of shares) {
    const owned = new Set((subscriptions.get(memberId)?.ownedPartitions ?? []).map(nameOf))
    const now = new Set(share.map(nameOf))
    for (const name of now) if (!owned.has(name)) added.add(name)
    for (const name of owned) if (!now.has(name)) revoked.add(name)
  }
  return new Set([...added].filter((name) => revoked.has(name)))
}

/** What members had, as far as they may keep it. */
interface Prior {
  readonly owned: Shares
  /** Claimed by several members of one generation: nobody keeps these. */
  readonly disputed: ReadonlySet<string>
  readonly isSameForAll: boolean
}

/** What the two have in common (org.apache.kafka.clients.consumer.internals.AbstractStickyAssignor). */
class StickySharing {
  private readonly priorOf: (subscription: MemberSubscription) => PriorShare
  /** The highest that this leader has ever seen. */
  private maxGeneration = NO_GENERATION_ID

  constructor(priorOf: (subscription: MemberSubscription) => PriorShare) {
    this.priorOf = priorOf
  }

  /** `moved` is undefined where it has to be found by comparison. */
  share(
    cluster: ClusterView,
    subscriptions: ReadonlyMap<string, MemberSubscription>,
  ): { shares: Shares; moved: ReadonlySet<string> | undefined } {
    const wanted = new Set([...subscriptions.values()].flatMap((subscription) => subscription.topics))
    const view: ClusterView = new Map([...cluster].filter(([topic]) => wanted.has(topic)))
    const members = inHashOrder(subscriptions.keys()).map(
      (memberId) => [memberId, subscriptions.get(memberId) as MemberSubscription] as const,
    )
    const prior = this.readPrior(view, members)
    const racks = new StickyRacks(view, members)
    if (prior.isSameForAll) return shareEqually(view, racks, prior.owned, prior.disputed)
    return {
      shares: shareGenerally(view, racks, prior.owned, members, this.earlierOwners(members)),
      moved: undefined,
    }
  }

  /** Of two who claim a partition the one with the later generation has it. */
  private readPrior(view: ClusterView, members: readonly (readonly [string, MemberSubscription])[]): Prior {
    const owned: Shares = new Map()
    const disputed = new Set<string>()
    const owners = new Map<string, { memberId: string; subscription: MemberSubscription }>()
    let common: readonly string[] = []
    let isSameForAll = true
    for (const [memberId, subscription] of members) {
      if (common.length === 0) common = subscription.topics
      else if (!isSameTopics(common, subscription.topics)) isSameForAll = false
      const { partitions, generationId } = this.priorOf(subscription)
      const generation = generationId ?? NO_GENERATION_ID
      this.maxGeneration = Math.max(this.maxGeneration, generation)
      const mine: TopicPartition[] = []
      owned.set(memberId, mine)
      for (const at of partitions) {
        // It may have been deleted, and made again with fewer partitions.
        if (at.partition >= (view.get(at.topic)?.length ?? 0)) continue
        const name = nameOf(at)
        const other = owners.get(name)
        if (other !== undefined) {
          const otherGeneration = other.subscription.generationId
          if (generation < otherGeneration) continue
          remove(owned.get(other.memberId) ?? [], name)
        }
        if (other !== undefined && generation === other.subscription.generationId) disputed.add(name)
        else mine.push(at)
        owners.set(name, { memberId, subscription })
      }
    }
    return { owned, disputed, isSameForAll }
  }

  /** Who had partitions in an earlier generation than the latest: they may have them back if that is as even. */
  private earlierOwners(members: readonly (readonly [string, MemberSubscription])[]): Map<string, string> {
    const owners = new Map<string, { memberId: string; generation: number }>()
    for (const [memberId, subscription] of members) {
      const { partitions, generationId } = this.priorOf(subscription)
      const generation = generationId ?? NO_GENERATION_ID
      if (generation >= this.maxGeneration) continue
      for (const name of partitions.map(nameOf)) {
        const known = owners.get(name)
        if (known === undefined || generation > known.generation) owners.set(name, { memberId, generation })
      }
    }
    return new Map([...owners].map(([name, { memberId }]) => [name, memberId]))
  }
}

function isSameTopics(a: readonly string[], b: readonly string[]): boolean {
  const names = new Set(a)
  return b.length === names.size && b.every((topic) => names.has(topic))
}

function remove(share: TopicPartition[], name: string): void {
  const index = share.findIndex((at) => nameOf(at) === name)
  if (index >= 0) share.splice(index, 1)
}
