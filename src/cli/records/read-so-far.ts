import type { Consumer } from '../../client/index.ts'
import type { PartitionPlan } from './read-plan.ts'

export interface ReadSoFar {
  readonly done: number
  readonly total: number
}

/**
 * How far a reading is; undefined when it has no end. In offsets, so what was compacted away counts as read; or in records
 * where so many are wanted that they end it earlier.
 */
export function readSoFar(
  consumer: Pick<Consumer, 'position'>,
  plans: readonly PartitionPlan[],
  maxRecords: number | undefined,
  count: number,
): ReadSoFar | undefined {
  let done = 0
  let total = 0
  for (const plan of plans) {
    const { from, end = Number.POSITIVE_INFINITY } = plan
    total += Math.max(0, end - from)
    done += Math.max(0, Math.min(consumer.position(plan) ?? from, end) - from)
  }
  if (maxRecords !== undefined && maxRecords < total) return { done: count, total: maxRecords }
  return Number.isFinite(total) ? { done, total } : undefined
}
