import { keyOf } from '../cluster/status-snapshot.ts'
import type { BrokerLook, GroupLook, Look, MemberLook, PartitionLook, ZnodeLook } from './look.ts'
import { type Trouble, troublesOf } from './troubles.ts'

/** Per second between two looks; null when it cannot be told, as at the first one. */
export type Rate = number | null

export interface PartitionRow extends PartitionLook {
  /** Records that were added. */
  readonly inPerSecond: Rate
  /** Records that groups committed. */
  readonly outPerSecond: Rate
  readonly bytesPerSecond: Rate
  /** Of one copy, the leader's if it tells; null when nobody does. */
  readonly sizeBytes: number | null
  readonly trouble: Trouble | undefined
}

export interface BrokerRow extends BrokerLook {
  readonly leaders: number
  readonly replicaCount: number
  readonly outOfSync: number
  /** Of the partitions that it leads. */
  readonly inPerSecond: Rate
  readonly outPerSecond: Rate
  /** By which its logs grow, followers' copies included. */
  readonly bytesPerSecond: Rate
  readonly sizeBytes: number | null
  /** Of the fullest disk that it has logs on. */
  readonly diskUsed: number | null
}

export interface TopicRow {
  readonly topic: string
  readonly partitions: readonly PartitionRow[]
  readonly underReplicated: number
  readonly offline: number
  readonly inPerSecond: Rate
  readonly outPerSecond: Rate
  readonly bytesPerSecond: Rate
  /** Between the ends of its logs; a compacted topic has fewer. */
  readonly records: number | null
  readonly sizeBytes: number | null
}

export interface GroupPartitionRow {
  readonly topic: string
  readonly partition: number
  /** Null: nothing is committed. */
  readonly offset: number | null
  readonly endOffset: number | null
  readonly lag: number | null
  readonly perSecond: Rate
  readonly member: MemberLook | undefined
}

export interface GroupRow {
  readonly group: string
  readonly state: string
  readonly coordinator: number
  readonly members: readonly MemberLook[]
  readonly partitions: readonly GroupPartitionRow[]
  /** Of the partitions of which it is known. */
  readonly lag: number
  /** Records that it committed. */
  readonly perSecond: Rate
}

/** A cluster as people look at it: what two looks say together. */
export interface TopView {
  readonly timeMs: number
  readonly clusterId: string | null
  readonly controller: number
  readonly brokers: readonly BrokerRow[]
  readonly topics: readonly TopicRow[]
  readonly groups: readonly GroupRow[]
  /** What is not well, the worst first. */
  readonly troubles: readonly Trouble[]
  readonly znodes: ZnodeLook | null | undefined
  readonly partitionCount: number
  readonly inPerSecond: Rate
  readonly outPerSecond: Rate
  readonly bytesPerSecond: Rate
  readonly lag: number
  readonly problems: readonly string[]
}

/** `before` is an earlier look at the same cluster; without one there are no rates. */
export function viewOf(before: Look | undefined, now: Look): TopView {
  const meter = new Meter(before, now)
  const troubles = new Map(troublesOf(now).map((each) => [keyOf(each.topic, each.partition), each]))
  const partitions = now.partitions.map((each) => meter.partition(each, troubles))
  const topics = topicRows(partitions)
  const groups = now.groups.map((group) => meter.group(group))
  return {
    timeMs: now.timeMs,
    clusterId: now.clusterId,
    controller: now.controller,
    brokers: now.brokers.map((broker) => meter.broker(broker, partitions)),
    topics,
    groups,
    troubles: [...troubles.values()],
    znodes: now.znodes,
    partitionCount: partitions.length,
    inPerSecond: sum(topics.map(({ inPerSecond }) => inPerSecond)),
    outPerSecond: sum(topics.map(({ outPerSecond }) => outPerSecond)),
    bytesPerSecond: sum(topics.map(({ bytesPerSecond }) => bytesPerSecond)),
    lag: groups.reduce((total, { lag }) => total + lag, 0),
    problems: [
      ...now.problems,
      ...now.withoutGroups.map((broker) => `the groups of broker ${broker} may be missing`),
    ],
  }
}

/** Compares two looks. */
class Meter {
  private readonly seconds: number
  private readonly before: ReadonlyMap<string, PartitionLook>
  private readonly now: ReadonlyMap<string, PartitionLook>
  private readonly groupsBefore: ReadonlyMap<string, GroupLook>
  private readonly brokersBefore: ReadonlyMap<number, BrokerLook>
  /** Records that all groups committed, by partition. */
  private readonly read = new Map<string, number>()

  constructor(before: Look | undefined, now: Look) {
    this.seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000
    const byKey = (looks: readonly PartitionLook[] = []) =>
      new Map(looks.map((each) => [keyOf(each.topic, each.partition), each]))
    this.before = byKey(before?.partitions)
    this.now = byKey(now.partitions)
    this.groupsBefore = new Map(before?.groups.map((group) => [group.groupId, group]))
    this.brokersBefore = new Map(before?.brokers.map((broker) => [broker.id, broker]))
    for (const group of now.groups) this.countReads(group)
  }

  partition(look: PartitionLook, troubles: ReadonlyMap<string, Trouble>): PartitionRow {
    const key = keyOf(look.topic, look.partition)
    const before = this.before.get(key)
    const size = sizeOf(look)
    return {
      ...look,
      inPerSecond: this.rate(before?.endOffset, look.endOffset),
      outPerSecond: this.seconds > 0 ? (this.read.get(key) ?? 0) / this.seconds : null,
      bytesPerSecond: this.rate(before && sizeOf(before), size),
      sizeBytes: size,
      trouble: troubles.get(key),
    }
  }

  broker(look: BrokerLook, partitions: readonly PartitionRow[]): BrokerRow {
    const led = partitions.filter(({ leader }) => leader === look.id)
    const own = partitions.filter(({ replicas }) => replicas.some(({ broker }) => broker === look.id))
    const size = dirsBytes(look)
    const before = this.brokersBefore.get(look.id)
    return {
      ...look,
      leaders: led.length,
      replicaCount: own.length,
      outOfSync: own.filter(({ isr }) => !isr.includes(look.id)).length,
      inPerSecond: led.length === 0 ? 0 : sum(led.map(({ inPerSecond }) => inPerSecond)),
      outPerSecond: led.length === 0 ? 0 : sum(led.map(({ outPerSecond }) => outPerSecond)),
      bytesPerSecond: this.rate(before && dirsBytes(before), size),
      sizeBytes: size,
      diskUsed: diskUsed(look),
    }
  }

  group(group: GroupLook): GroupRow {
    const places = new Map<string, Omit<GroupPartitionRow, 'lag' | 'perSecond' | 'endOffset'>>()
    for (const { topic, partition, offset } of group.offsets)
      places.set(keyOf(topic, partition), { topic, partition, offset, member: undefined })
    for (const member of group.members)
      for (const { topic, partition } of member.partitions ?? []) {
        const offset = places.get(keyOf(topic, partition))?.offset ?? null
        places.set(keyOf(topic, partition), { topic, partition, offset, member })
      }
    const before = offsetsOf(this.groupsBefore.get(group.groupId))
    const partitions = [...places].map(([key, place]): GroupPartitionRow => {
      const endOffset = this.now.get(key)?.endOffset ?? null
      const lag = place.offset === null || endOffset === null ? null : Math.max(0, endOffset - place.offset)
      return { ...place, endOffset, lag, perSecond: this.rate(before.get(key), place.offset) }
    })
    partitions.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    return {
      group: group.groupId,
      state: group.state,
      coordinator: group.coordinator,
      members: group.members,
      partitions,
      lag: partitions.reduce((total, { lag }) => total + (lag ?? 0), 0),
      perSecond: sum(partitions.map(({ perSecond }) => perSecond)),
    }
  }

  private countReads(group: GroupLook): void {
    const before = offsetsOf(this.groupsBefore.get(group.groupId))
    for (const { topic, partition, offset } of group.offsets) {
      const key = keyOf(topic, partition)
      const then = before.get(key)
      if (then === undefined || offset <= then) continue
      this.read.set(key, (this.read.get(key) ?? 0) + offset - then)
    }
  }

  /** What shrinks (a topic made anew, segments that were deleted, a group set back) counts as standing still. */
  private rate(before: number | null | undefined, now: number | null): Rate {
    if (before === undefined || before === null || now === null || this.seconds <= 0) return null
    return Math.max(0, now - before) / this.seconds
  }
}

function offsetsOf(group: GroupLook | undefined): Map<string, number> {
  return new Map(group?.offsets.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]))
}

function sizeOf({ leader, replicas }: PartitionLook): number | null {
  const led = replicas.find(({ broker }) => broker === leader)?.sizeBytes
  return led ?? replicas.find(({ sizeBytes }) => sizeBytes !== null)?.sizeBytes ?? null
}

function dirsBytes({ logDirs }: BrokerLook): number | null {
  return logDirs?.reduce((total, { sizeBytes }) => total + sizeBytes, 0) ?? null
}

function diskUsed({ logDirs }: BrokerLook): number | null {
  const shares = (logDirs ?? []).flatMap(({ totalBytes, usableBytes }) =>
    totalBytes === null || usableBytes === null || totalBytes === 0 ? [] : [1 - usableBytes / totalBytes],
  )
  return shares.length === 0 ? null : Math.max(...shares)
}

function topicRows(partitions: readonly PartitionRow[]): TopicRow[] {
  const topics = new Map<string, PartitionRow[]>()
  for (const row of partitions) {
    const rows = topics.get(row.topic)
    if (rows === undefined) topics.set(row.topic, [row])
    else rows.push(row)
  }
  return [...topics].map(([topic, rows]) => ({
    topic,
    partitions: rows,
    underReplicated: rows.filter(({ isr, replicas }) => isr.length < replicas.length).length,
    offline: rows.filter(({ leader }) => leader < 0).length,
    inPerSecond: sum(rows.map(({ inPerSecond }) => inPerSecond)),
    outPerSecond: sum(rows.map(({ outPerSecond }) => outPerSecond)),
    bytesPerSecond: sum(rows.map(({ bytesPerSecond }) => bytesPerSecond)),
    records: sum(rows.map(recordsOf)),
    sizeBytes: sum(rows.map(({ sizeBytes }) => sizeBytes)),
  }))
}

export function recordsOf({ startOffset, endOffset }: PartitionLook): number | null {
  return startOffset === null || endOffset === null ? null : Math.max(0, endOffset - startOffset)
}

/** Of what is known; null when nothing is. */
function sum(numbers: readonly (number | null)[]): number | null {
  let total: number | null = null
  for (const number of numbers) if (number !== null) total = (total ?? 0) + number
  return total
}
