import type { TopicPartition } from '../../offsets.ts'
import { nameOf } from '../fetch/position.ts'
import { HashOrderedPartitions } from './java-order.ts'

interface Move {
  readonly from: string
  readonly to: string
}

/**
 * Where partitions have been moved so far, so that two of one topic are not exchanged between two members: then one of
 * them need not have moved (AbstractStickyAssignor.PartitionMovements).
 */
export class PartitionMovements {
  private readonly moves = new Map<string, Move>()
  /** By topic, then by the two members. */
  private readonly byTopic = new Map<string, Map<string, HashOrderedPartitions>>()

  /** The partition to move in place of this one: one that went the other way, if there is one. */
  instead(at: TopicPartition, from: string, to: string): TopicPartition {
    const origin = this.moves.get(nameOf(at))?.from ?? from
    return (
      this.byTopic
        .get(at.topic)
        ?.get(keyOf({ from: to, to: origin }))
        ?.first() ?? at
    )
  }

  record(at: TopicPartition, from: string, to: string): void {
    const earlier = this.moves.get(nameOf(at))
    if (earlier !== undefined) this.forget(at, earlier)
    const origin = earlier?.from ?? from
    if (earlier !== undefined && origin === to) return
    this.add(at, { from: origin, to })
  }

  private add(at: TopicPartition, move: Move): void {
    this.moves.set(nameOf(at), move)
    const moves = this.byTopic.get(at.topic) ?? new Map<string, HashOrderedPartitions>()
    this.byTopic.set(at.topic, moves)
    const partitions = moves.get(keyOf(move)) ?? new HashOrderedPartitions()
    moves.set(keyOf(move), partitions)
    partitions.add(at)
  }

  private forget(at: TopicPartition, move: Move): void {
    this.moves.delete(nameOf(at))
    const moves = this.byTopic.get(at.topic)
    const partitions = moves?.get(keyOf(move))
    partitions?.delete(at)
    if (partitions?.size === 0) moves?.delete(keyOf(move))
  }
}

function keyOf({ from, to }: Move): string {
  return JSON.stringify([from, to])
}
