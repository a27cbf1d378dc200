import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from '../fetch/position.ts'
import type { ClusterView, MemberSubscription } from './assignor.ts'
import { compareTexts, type Shares } from './members.ts'
import { PartitionMovements } from './sticky-movements.ts'
import type { StickyRacks } from './sticky-racks.ts'

/**
 * For members that subscribe to different topics: what is left over goes to who has least, then single partitions are
 * moved as long as that makes the shares more even (AbstractStickyAssignor.GeneralAssignmentBuilder).
 *
 * `earlierOwners`: who had a partition, by its name, before the present owner. Changes `owned`, which becomes the result.
 */
export function shareGenerally(
  view: ClusterView,
  racks: StickyRacks,
  owned: Shares,
  members: readonly (readonly [string, MemberSubscription])[],
  earlierOwners: ReadonlyMap<string, string>,
): Shares {
  return new GeneralShares(view, racks, owned, members, earlierOwners).build()
}

class GeneralShares {
  private readonly view: ClusterView
  private readonly racks: StickyRacks
  private readonly members: readonly (readonly [string, MemberSubscription])[]
  private readonly earlierOwners: ReadonlyMap<string, string>
  private shares: Shares
  /** The member of each partition, by its name. */
  private ownerOf = new Map<string, string>()
  /** Topics that there are and that the member may get. */
  private readonly topicsOf = new Map<string, ReadonlySet<string>>()
  private readonly membersOf = new Map<string, string[]>()
  /** Those with least first, then by id. Whoever is given or loses something is taken out before and put back after. */
  private readonly ranking: string[] = []
  private readonly movements = new PartitionMovements()
  private mustRevoke = false

  constructor(
    view: ClusterView,
    racks: StickyRacks,
    owned: Shares,
    members: readonly (readonly [string, MemberSubscription])[],
    earlierOwners: ReadonlyMap<string, string>,
  ) {
    this.view = view
    this.racks = racks
    this.shares = owned
    this.members = members
    this.earlierOwners = earlierOwners
    for (const topic of view.keys()) this.membersOf.set(topic, [])
    for (const [memberId, { topics }] of members) {
      const known = topics.filter((topic) => view.has(topic))
      this.topicsOf.set(memberId, new Set(known))
      for (const topic of known) this.membersOf.get(topic)?.push(memberId)
    }
    for (const [memberId, share] of owned) for (const at of share) this.ownerOf.set(nameOf(at), memberId)
  }

  build(): Shares {
    this.dropUnwanted()
    const all = this.allPartitions()
    const assigned = new Set([...this.shares.values()].flat().map(nameOf))
    const unassigned = all.filter((at) => !assigned.has(nameOf(at)))
    for (const memberId of this.shares.keys()) this.rank(memberId)
    const isFirst = this.sizeOf(this.ranking[this.ranking.length - 1]) === 0
    this.giveOut(unassigned)

    const mayMove = (at: TopicPartition) => this.countOf(at.topic) >= 2
    const fixed = this.takeFixedMembers()
    const before = { shares: copyOf(this.shares), score: this.score() }
    if (!this.mustRevoke) this.improve(unassigned.filter(mayMove))
    const isChanged = this.improve(all.filter(mayMove))
    if (!isFirst && isChanged && this.score() >= before.score) this.shares = before.shares
    for (const [memberId, share] of fixed) this.shares.set(memberId, share)
    return this.shares
  }

  private countOf(topic: string): number {
    return this.membersOf.get(topic)?.length ?? 0
  }

  private sizeOf(memberId: string | undefined): number {
    return this.shares.get(memberId ?? '')?.length ?? 0
  }

  /** What members have of topics that they do not subscribe to any more, or that are far from them. */
  private dropUnwanted(): void {
    for (const [memberId, share] of this.shares) {
      const kept = share.filter(
        (at) => this.topicsOf.get(memberId)?.has(at.topic) && !this.racks.isFar(memberId, at),
      )
      if (kept.length < share.length) this.mustRevoke = true
      this.shares.set(memberId, kept)
    }
  }

  /** Topics that few members may get come first. */
  private allPartitions(): TopicPartition[] {
    const topics = [...this.view.keys()].sort(
      (a, b) => this.countOf(a) - this.countOf(b) || compareTexts(a, b),
    )
    return topics.flatMap((topic) =>
      (this.view.get(topic) ?? []).map(({ partition }) => ({ topic, partition })),
    )
  }

  private giveOut(partitions: readonly TopicPartition[]): void {
    let rest = partitions
    if (this.racks.isAware) rest = rest.filter((at) => !this.giveToLeast(at, true))
    for (const at of rest) this.giveToLeast(at, false)
  }

  private giveToLeast(at: TopicPartition, mustBeNear: boolean): boolean {
    const memberId = this.ranking.find(
      (id) => this.topicsOf.get(id)?.has(at.topic) && !(mustBeNear && this.racks.isFar(id, at)),
    )
    if (memberId === undefined) return false
    this.unrank(memberId)
    this.shares.get(memberId)?.push(at)
    this.ownerOf.set(nameOf(at), memberId)
    this.rank(memberId)
    return true
  }

  /** Members that have all they may get, and share none of that with others: nothing can change for them. */
  private takeFixedMembers(): Map<string, TopicPartition[]> {
    const fixed = new Map<string, TopicPartition[]>()
    for (const [memberId] of this.members) {
      const share = this.shares.get(memberId) ?? []
      if (share.length < this.mostOf(memberId) || share.some((at) => this.countOf(at.topic) >= 2)) continue
      this.unrank(memberId)
      fixed.set(memberId, share)
      this.shares.delete(memberId)
    }
    return fixed
  }

  private mostOf(memberId: string): number {
    let most = 0
    for (const topic of this.topicsOf.get(memberId) ?? []) most += this.view.get(topic)?.length ?? 0
    return most
  }

  /** Moves partitions until nothing gets better. True when something was moved. */
  private improve(partitions: readonly TopicPartition[]): boolean {
    let isChanged = false
    for (let isMoved = true; isMoved; ) {
      isMoved = false
      for (const at of partitions) {
        if (this.isEven()) break
        if (!this.tryToMove(at)) continue
        isMoved = true
        isChanged = true
      }
    }
    return isChanged
  }

  private tryToMove(at: TopicPartition): boolean {
    const owner = this.ownerOf.get(nameOf(at))
    if (owner === undefined) return false
    const size = this.sizeOf(owner)
    const earlier = this.earlierOwners.get(nameOf(at))
    if (earlier !== undefined && this.shares.has(earlier) && size > this.sizeOf(earlier) + 1) {
      this.move(at, owner, earlier)
      return true
    }
    const isSmaller = (id: string) => size > this.sizeOf(id) + 1
    if (!this.membersOf.get(at.topic)?.some(isSmaller)) return false
    const least = this.ranking.find((id) => this.topicsOf.get(id)?.has(at.topic))
    if (least === undefined) return false
    this.move(at, owner, least)
    return true
  }

  private move(wanted: TopicPartition, owner: string, to: string): void {
    const at = this.movements.instead(wanted, owner, to)
    const from = this.ownerOf.get(nameOf(at)) ?? owner
    this.unrank(from)
    this.unrank(to)
    this.movements.record(at, from, to)
    const share = this.shares.get(from) ?? []
    const index = share.findIndex((mine) => nameOf(mine) === nameOf(at))
    if (index >= 0) share.splice(index, 1)
    this.shares.get(to)?.push(at)
    this.ownerOf.set(nameOf(at), to)
    this.rank(to)
    this.rank(from)
  }

  /** Nobody who might get a partition has two less than who has it. */
  private isEven(): boolean {
    const { ranking } = this
    if (this.sizeOf(ranking[0]) >= this.sizeOf(ranking[ranking.length - 1]) - 1) return true
    return ranking.every((memberId) => {
      const size = this.sizeOf(memberId)
      if (size === this.mostOf(memberId)) return true
      for (const topic of this.topicsOf.get(memberId) ?? []) {
        for (const { partition } of this.view.get(topic) ?? []) {
          const owner = this.ownerOf.get(nameOf({ topic, partition }))
          if (owner !== memberId && size + 1 < this.sizeOf(owner)) return false
        }
      }
      return true
    })
  }

  /** The differences between all pairs of members. */
  private score(): number {
    const sizes = [...this.shares.values()].map((share) => share.length)
    let score = 0
    for (let i = 0; i < sizes.length; i++)
      for (let j = i + 1; j < sizes.length; j++) score += Math.abs((sizes[i] ?? 0) - (sizes[j] ?? 0))
    return score
  }

  private compareRank(a: string, b: string): number {
    return this.sizeOf(a) - this.sizeOf(b) || compareTexts(a, b)
  }

  private rank(memberId: string): void {
    this.ranking.splice(this.placeOf(memberId), 0, memberId)
  }

  private unrank(memberId: string): void {
    const place = this.placeOf(memberId)
    if (this.ranking[place] === memberId) this.ranking.splice(place, 1)
  }

  /** Where it stands, or would stand. */
  private placeOf(memberId: string): number {
    let low = 0
    let high = this.ranking.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.compareRank(this.ranking[middle] as string, memberId) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function copyOf(shares: Shares): Shares {
  return new Map([...shares].map(([memberId, share]) => [memberId, [...share]]))
}
