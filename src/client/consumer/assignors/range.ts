import type { TopicPartition } from '../../offsets.ts'
import { comparePartitions } from '../partitions.ts'
import type { ClusterView, MemberSubscription, PartitionAssignor, PartitionRacks } from './assignor.ts'
import { compareMembers, emptyShares, isRackAware, rackOf, type Shares, withoutUserData } from './members.ts'

/**
 * Each topic by itself, in runs of neighbouring partitions: members that subscribe to topics with the same number of
 * partitions get the same numbers of each. With racks, first what lies in the member's own, as far as that leaves runs as
 * long and topics as much together as without (org.apache.kafka.clients.consumer.RangeAssignor).
 */
export function rangeAssignor(): PartitionAssignor {
  return {
    name: 'range',
    assign: (cluster, subscriptions) => withoutUserData(assign(cluster, subscriptions)),
  }
}

function assign(cluster: ClusterView, subscriptions: ReadonlyMap<string, MemberSubscription>): Shares {
  const shares = emptyShares(subscriptions.keys())
  const members = [...subscriptions].sort(compareMembers)
  const wanted = new Set(members.flatMap(([, subscription]) => subscription.topics))
  const topics = [...wanted].sort().flatMap((topic) => {
    const partitions = cluster.get(topic) ?? []
    return partitions.length === 0 ? [] : [new TopicShares(topic, partitions, members, shares)]
  })
  const isAware = topics.some((topic) => topic.needsRacks)
  if (isAware) for (const together of coPartitioned(topics)) assignByRack(together)
  for (const topic of topics) topic.assignRuns(() => true)
  if (isAware) for (const share of shares.values()) share.sort(comparePartitions)
  return shares
}

/** Topics of the same members with as many partitions. */
function coPartitioned(topics: readonly TopicShares[]): TopicShares[][] {
  const groups = new Map<string, TopicShares[]>()
  for (const topic of topics) {
    const key = JSON.stringify([topic.racksKnown, ...topic.members])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [topic])
    else group.push(topic)
  }
  return [...groups.values()]
}

function assignByRack(topics: readonly TopicShares[]): void {
  const [first] = topics
  if (first === undefined) return
  if (topics.length === 1) {
    if (first.needsRacks) first.assignRuns((member, partition) => first.isNear(member, partition))
    return
  }
  const open = new Set(first.members)
  for (let partition = 0; partition < first.racksKnown; partition++) {
    const fits = (member: string) =>
      topics.every((topic) => topic.isNear(member, partition) && topic.room(member) > 0)
    const member = [...open].find(fits)
    if (member === undefined) continue
    for (const topic of topics) topic.give(member, [partition])
    if (topics.every((topic) => topic.room(member) === 0)) open.delete(member)
    if (open.size === 0) return
  }
}

/** How far one topic has been shared out. */
class TopicShares {
  /** Those that subscribe to it, in order. */
  readonly members: readonly string[]
  readonly needsRacks: boolean
  private readonly topic: string
  private readonly racksOfMember: ReadonlyMap<string, string>
  /** By partition; empty when no member has a rack. */
  private readonly racksOf: ReadonlyMap<number, ReadonlySet<string>>
  private readonly left: Set<number>
  private readonly counts: Map<string, number>
  private readonly least: number
  /** So many members may still get one more than the others. */
  private extra: number
  private readonly shares: Shares

  constructor(
    topic: string,
    partitions: readonly PartitionRacks[],
    members: readonly (readonly [string, MemberSubscription])[],
    shares: Shares,
  ) {
    const subscribed = members.filter(([, subscription]) => subscription.topics.includes(topic))
    this.topic = topic
    this.shares = shares
    this.members = subscribed.map(([memberId]) => memberId)
    this.racksOfMember = new Map(
      subscribed.flatMap(([memberId, subscription]) => {
        const rack = rackOf(subscription)
        return rack === undefined ? [] : [[memberId, rack] as const]
      }),
    )
    const hasRacks = this.racksOfMember.size > 0
    this.racksOf = new Map(hasRacks ? partitions.map((at) => [at.partition, new Set(at.racks)]) : [])
    this.needsRacks = isRackAware(new Set(this.racksOfMember.values()), [...this.racksOf.values()])
    this.left = new Set(partitions.map((at) => at.partition))
    this.counts = new Map(this.members.map((memberId) => [memberId, 0]))
    this.least = Math.floor(partitions.length / this.members.length)
    this.extra = partitions.length % this.members.length
  }

  /** As many partitions as racks are known of. */
  get racksKnown(): number {
    return this.racksOf.size
  }

  /** A member without a rack is near to everything. */
  isNear(member: string, partition: number): boolean {
    const rack = this.racksOfMember.get(member)
    return rack === undefined || this.racksOf.get(partition)?.has(rack) === true
  }

  room(member: string): number {
    return Math.max(0, this.least + (this.extra > 0 ? 1 : 0) - (this.counts.get(member) ?? 0))
  }

  assignRuns(mayGive: (member: string, partition: number) => boolean): void {
    for (const member of this.members) {
      if (this.left.size === 0) return
      const run = [...this.left].filter((partition) => mayGive(member, partition)).slice(0, this.room(member))
      if (run.length > 0) this.give(member, run)
    }
  }

  give(member: string, partitions: readonly number[]): void {
    const count = (this.counts.get(member) ?? 0) + partitions.length
    this.counts.set(member, count)
    if (count > this.least) this.extra--
    for (const partition of partitions) this.left.delete(partition)
    const given: TopicPartition[] = partitions.map((partition) => ({ topic: this.topic, partition }))
    this.shares.get(member)?.push(...given)
  }
}
