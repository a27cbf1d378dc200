import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from '../fetch/position.ts'
import type { ClusterView, MemberSubscription } from './assignor.ts'
import { isRackAware, rackOf } from './members.ts'

const NO_RACKS: ReadonlySet<string> = new Set()

/** Which members are in the racks of which partitions (AbstractStickyAssignor.RackInfo). */
export class StickyRacks {
  /** Both are empty unless racks make a difference. */
  private readonly ofMember: ReadonlyMap<string, string>
  private readonly ofPartition: ReadonlyMap<string, ReadonlySet<string>>
  /** How many members are near to a partition; empty when no member has a rack. */
  private readonly nearCounts: ReadonlyMap<string, number>

  constructor(view: ClusterView, members: readonly (readonly [string, MemberSubscription])[]) {
    const ofMember = new Map<string, string>()
    const counts = new Map<string, number>()
    for (const [memberId, subscription] of members) {
      const rack = rackOf(subscription)
      if (rack === undefined) continue
      ofMember.set(memberId, rack)
      counts.set(rack, (counts.get(rack) ?? 0) + 1)
    }
    const ofPartition = new Map<string, ReadonlySet<string>>()
    if (counts.size > 0)
      for (const [topic, partitions] of view)
        for (const { partition, racks } of partitions)
          ofPartition.set(nameOf({ topic, partition }), new Set(racks))
    const isAware = isRackAware(new Set(counts.keys()), [...ofPartition.values()])
    this.ofMember = isAware ? ofMember : new Map()
    this.ofPartition = isAware ? ofPartition : new Map()
    this.nearCounts = new Map(
      [...ofPartition].map(([name, racks]) => [
        name,
        [...racks].reduce((sum, rack) => sum + (counts.get(rack) ?? 0), 0),
      ]),
    )
  }

  get isAware(): boolean {
    return this.ofMember.size > 0
  }

  /** The member has a rack and no replica is in it. */
  isFar(memberId: string, at: TopicPartition): boolean {
    const rack = this.ofMember.get(memberId)
    return rack !== undefined && !this.racksOf(at).has(rack)
  }

  /** The member has a rack and a replica is in it. */
  isNear(memberId: string, at: TopicPartition): boolean {
    const rack = this.ofMember.get(memberId)
    return rack !== undefined && this.racksOf(at).has(rack)
  }

  /** Those that few members are near to come first. */
  sorted(partitions: readonly TopicPartition[]): TopicPartition[] {
    if (this.nearCounts.size === 0) return [...partitions]
    const count = (at: TopicPartition) => this.nearCounts.get(nameOf(at)) ?? 0
    return [...partitions].sort((a, b) => count(a) - count(b))
  }

  /** The next member in the circle, from `first` on, that is near; -1: none is. */
  nextNear(at: TopicPartition, members: readonly string[], first: number): number {
    for (let i = 0; i < members.length; i++) {
      const index = (first + i) % members.length
      if (this.isNear(members[index] as string, at)) return index
    }
    return -1
  }

  private racksOf(at: TopicPartition): ReadonlySet<string> {
    return this.ofPartition.get(nameOf(at)) ?? NO_RACKS
  }
}
