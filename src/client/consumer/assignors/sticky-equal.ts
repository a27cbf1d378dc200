import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from '../fetch/position.ts'
import { groupError } from '../group/errors.ts'
import type { ClusterView } from './assignor.ts'
import { compareTexts, emptyShares, type Shares } from './members.ts'
import type { StickyRacks } from './sticky-racks.ts'

/**
 * For members that all subscribe to the same topics, which is quick: everybody keeps what does not exceed an even share,
 * then the others are filled up in turn (AbstractStickyAssignor.ConstrainedAssignmentBuilder).
 *
 * `owned` is in the order in which the members are to be looked at. `moved` are those that somebody else still has.
 */
export function shareEqually(
  view: ClusterView,
  racks: StickyRacks,
  owned: Shares,
  disputed: ReadonlySet<string>,
): { shares: Shares; moved: ReadonlySet<string> } {
  return new EqualShares(view, racks, owned, disputed).build()
}

class EqualShares {
  private readonly view: ClusterView
  private readonly racks: StickyRacks
  private readonly owned: Shares
  private readonly disputed: ReadonlySet<string>
  private readonly shares: Shares
  private readonly least: number
  private readonly most: number
  /** So many members get more than the least, and so many have got it. */
  private readonly largeWanted: number
  private large = 0
  /** Members with less than the least, and those that have just that and may get one more. */
  private readonly underLeast: string[] = []
  private readonly atLeast: string[] = []
  private readonly givenUpBy = new Map<string, string>()
  private readonly moved = new Set<string>()

  constructor(view: ClusterView, racks: StickyRacks, owned: Shares, disputed: ReadonlySet<string>) {
    this.view = view
    this.racks = racks
    this.owned = owned
    this.disputed = disputed
    this.shares = emptyShares(owned.keys())
    let count = 0
    for (const partitions of view.values()) count += partitions.length
    this.least = Math.floor(count / owned.size)
    this.most = Math.ceil(count / owned.size)
    this.largeWanted = count % owned.size
  }

  build(): { shares: Shares; moved: ReadonlySet<string> } {
    for (const [memberId, partitions] of this.owned) this.keepOwned(memberId, partitions)
    this.underLeast.sort(compareTexts)
    this.atLeast.sort(compareTexts)
    const rest = this.fillByRack(this.racks.sorted(this.unassigned()))
    this.fillInTurn(rest)
    return { shares: this.shares, moved: this.moved }
  }

  private keepOwned(memberId: string, owned: readonly TopicPartition[]): void {
    const kept: TopicPartition[] = []
    for (const at of owned) {
      if (this.racks.isFar(memberId, at)) this.givenUpBy.set(nameOf(at), memberId)
      else if (!this.disputed.has(nameOf(at))) kept.push(at)
    }
    kept.sort((a, b) => a.partition - b.partition || compareTexts(a.topic, b.topic))
    const mayBeLarge = this.large < this.largeWanted
    let limit = this.least
    if (kept.length < this.least) {
      limit = kept.length
      this.underLeast.push(memberId)
    } else if (kept.length >= this.most && mayBeLarge) {
      limit = this.most
      this.grow()
    } else if (mayBeLarge) this.atLeast.push(memberId)
    this.shares.get(memberId)?.push(...kept.slice(0, limit))
    for (const at of kept.slice(limit)) this.givenUpBy.set(nameOf(at), memberId)
  }

  /** One more member has the most. When enough have, nobody else may. */
  private grow(): void {
    this.large++
    if (this.large === this.largeWanted) this.atLeast.length = 0
  }

  private unassigned(): TopicPartition[] {
    const assigned = new Set([...this.shares.values()].flat().map(nameOf))
    const topics = [...this.view.keys()].sort(compareTexts)
    return topics
      .flatMap((topic) => (this.view.get(topic) ?? []).map(({ partition }) => ({ topic, partition })))
      .filter((at) => !assigned.has(nameOf(at)))
  }

  /** Gives what somebody near can take, and returns the rest. */
  private fillByRack(partitions: readonly TopicPartition[]): TopicPartition[] {
    if (!this.racks.isAware) return [...partitions]
    let turn = 0
    return partitions.filter((at) => {
      const index = this.racks.nextNear(at, this.underLeast, turn)
      if (index >= 0) {
        turn = this.fillUnderLeast(at, index)
        return false
      }
      const last = this.racks.nextNear(at, this.atLeast, 0)
      if (last < 0) return true
      const memberId = this.atLeast[last] as string
      if (this.sizeOf(memberId) + 1 === this.most) {
        this.atLeast.splice(last, 1)
        this.grow()
      }
      this.give(at, memberId)
      return false
    })
  }

  /** Gives whose turn is next. */
  private fillUnderLeast(at: TopicPartition, index: number): number {
    const memberId = this.underLeast[index] as string
    const size = this.sizeOf(memberId) + 1
    let next = index
    if (size >= this.least) {
      this.underLeast.splice(index, 1)
      if (size < this.most && this.large < this.largeWanted) this.atLeast.push(memberId)
    } else next++
    this.give(at, memberId)
    return this.underLeast.length === 0 ? 0 : next % this.underLeast.length
  }

  private fillInTurn(partitions: readonly TopicPartition[]): void {
    let turn = 0
    for (const at of partitions) {
      if (turn >= this.underLeast.length) turn = 0
      const isUnder = this.underLeast.length > 0
      const memberId = isUnder ? this.underLeast[turn++] : this.atLeast.shift()
      if (memberId === undefined) throw groupError('no member of the group can take another partition')
      const size = this.give(at, memberId)
      if (size === this.least && isUnder) {
        this.underLeast.splice(--turn, 1)
        this.atLeast.push(memberId)
      } else if (size === this.most) this.large++
    }
  }

  private sizeOf(memberId: string): number {
    return this.shares.get(memberId)?.length ?? 0
  }

  private give(at: TopicPartition, memberId: string): number {
    const name = nameOf(at)
    const share = this.shares.get(memberId) as TopicPartition[]
    share.push(at)
    const former = this.givenUpBy.get(name)
    if ((former !== undefined && former !== memberId) || this.disputed.has(name)) this.moved.add(name)
    return share.length
  }
}
