import { KcliError } from '../../../base/errors.ts'
import type { PlannedPartition } from './plan-file.ts'

export interface PlanBroker {
  readonly id: number
  readonly rack: string | null
}

export interface CurrentPartition {
  readonly topic: string
  readonly partition: number
  /** The preferred leader first. */
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

/**
 * A plan that puts the partitions on these brokers and moves as little as possible: what can stay stays. Replicas are
 * spread evenly, over as many racks as there are, and so are the preferred leaders, which costs no copying.
 */
export function proposePlan(
  partitions: readonly CurrentPartition[],
  brokers: readonly PlanBroker[],
  replicationFactor: number | undefined,
): PlannedPartition[] {
  const needed = Math.max(...partitions.map(({ replicas }) => replicationFactor ?? replicas.length), 0)
  if (needed > brokers.length) {
    throw new KcliError(
      'KCLI_PLAN',
      `${needed} replicas need as many brokers, and there are ${brokers.length}`,
    )
  }
  const layout = new Layout(brokers)
  const plan = partitions.map((each) => ({ ...each, replicas: [...each.replicas] }))
  for (const each of plan) {
    each.replicas = each.replicas.filter((id) => layout.has(id))
    layout.add(each.replicas, 1)
  }
  plan.forEach((each, index) => {
    const wanted = replicationFactor ?? partitions[index]?.replicas.length ?? 1
    while (each.replicas.length > wanted) layout.dropOne(each)
    while (each.replicas.length < wanted) layout.placeOne(each)
  })
  layout.evenOut(plan)
  evenOutLeaders(plan, brokers)
  return plan.map(({ topic, partition, replicas }) => ({ topic, partition, replicas }))
}

/**
 * A plan that takes brokers out of service: their replicas go to the brokers that have the fewest, in racks of their own
 * where there are any. Nothing else is moved; another replica leads first where the drained one did.
 */
export function drainPlan(
  partitions: readonly CurrentPartition[],
  brokers: readonly PlanBroker[],
  drained: readonly number[],
): PlannedPartition[] {
  const layout = new Layout(brokers.filter(({ id }) => !drained.includes(id)))
  const plan = partitions.map((each) => {
    const replicas = each.replicas.filter((id) => !drained.includes(id))
    layout.add(
      replicas.filter((id) => layout.has(id)),
      1,
    )
    return { ...each, replicas, wanted: each.replicas.length }
  })
  for (const each of plan) {
    if (each.replicas.length === each.wanted) continue
    const left = brokers.filter(({ id }) => !drained.includes(id) && !each.replicas.includes(id)).length
    if (each.wanted - each.replicas.length > left) {
      const name = `${each.topic}-${each.partition}`
      throw new KcliError(
        'KCLI_PLAN',
        `${name} has ${each.wanted} replicas, and there are not as many other brokers`,
        {
          hint: `Give it fewer first: kcli partitions reassign ${each.topic} --replication-factor ${each.replicas.length + left}`,
        },
      )
    }
    while (each.replicas.length < each.wanted) layout.placeOne(each)
  }
  return plan.map(({ topic, partition, replicas }) => ({ topic, partition, replicas }))
}

interface Placing extends CurrentPartition {
  replicas: number[]
}

/** How many replicas each broker has in the plan so far. */
class Layout {
  private readonly counts: Map<number, number>
  private readonly racks: ReadonlyMap<number, string | null>
  private readonly rackCount: number

  constructor(brokers: readonly PlanBroker[]) {
    this.counts = new Map(brokers.map(({ id }) => [id, 0]))
    this.racks = new Map(brokers.map(({ id, rack }) => [id, rack]))
    this.rackCount = new Set(brokers.flatMap(({ rack }) => rack ?? [])).size
  }

  has(id: number): boolean {
    return this.counts.has(id)
  }

  add(ids: readonly number[], by: number): void {
    for (const id of ids) this.counts.set(id, this.count(id) + by)
  }

  private count(id: number): number {
    return this.counts.get(id) ?? 0
  }

  private racksOf(ids: readonly number[]): number {
    return new Set(ids.flatMap((id) => this.racks.get(id) ?? [])).size
  }

  /** The broker with the fewest replicas, in a rack that has none yet where there is one. */
  placeOne(partition: Placing): void {
    const { replicas } = partition
    const free = [...this.counts.keys()].filter((id) => !replicas.includes(id))
    const isNewRack = (id: number) => this.racksOf([...replicas, id]) > this.racksOf(replicas)
    const chosen = free.sort(
      (a, b) => Number(isNewRack(b)) - Number(isNewRack(a)) || this.count(a) - this.count(b) || a - b,
    )[0]
    if (chosen === undefined) throw new Error('no broker left')
    replicas.push(chosen)
    this.add([chosen], 1)
  }

  /** One out of sync first, then one whose rack has another, then from the fullest broker; the leader stays if it can. */
  dropOne(partition: Placing): void {
    const { replicas, isr } = partition
    const without = (id: number) => replicas.filter((each) => each !== id)
    const isSpare = (id: number) => this.racksOf(without(id)) === this.racksOf(replicas)
    const [, ...others] = replicas
    const candidates = isr.length > 0 && !isr.includes(replicas[0] ?? -1) ? replicas : others
    const chosen = [...candidates].sort(
      (a, b) =>
        Number(isr.includes(a)) - Number(isr.includes(b)) ||
        Number(isSpare(b)) - Number(isSpare(a)) ||
        this.count(b) - this.count(a) ||
        b - a,
    )[0]
    if (chosen === undefined) throw new Error('no replica left')
    partition.replicas = without(chosen)
    this.add([chosen], -1)
  }

  /** Moves single replicas from the fullest to the emptiest broker until none has two more than another. */
  evenOut(plan: readonly Placing[]): void {
    while (this.moveOne(plan)) {
      // Each move brings two brokers closer together, so it comes to an end.
    }
  }

  private moveOne(plan: readonly Placing[]): boolean {
    const byCount = [...this.counts.keys()].sort((a, b) => this.count(a) - this.count(b) || a - b)
    for (const to of byCount) {
      for (const from of byCount.toReversed()) {
        if (this.count(from) - this.count(to) < 2) break
        const movable = plan.find((each) => this.canMove(each, from, to))
        if (movable === undefined) continue
        movable.replicas = movable.replicas.map((id) => (id === from ? to : id))
        this.add([from], -1)
        this.add([to], 1)
        return true
      }
    }
    return false
  }

  private canMove({ replicas }: Placing, from: number, to: number): boolean {
    if (!replicas.includes(from) || replicas.includes(to)) return false
    if (this.rackCount === 0) return true
    const moved = replicas.map((id) => (id === from ? to : id))
    return this.racksOf(moved) >= this.racksOf(replicas)
  }
}

/** Puts another replica first where its broker has fewer preferred leaders. */
function evenOutLeaders(plan: readonly Placing[], brokers: readonly PlanBroker[]): void {
  const counts = new Map(brokers.map(({ id }) => [id, 0]))
  const count = (id: number) => counts.get(id) ?? 0
  for (const { replicas } of plan) {
    const [leader] = replicas
    if (leader !== undefined) counts.set(leader, count(leader) + 1)
  }
  for (let isMoving = true; isMoving; ) {
    isMoving = false
    for (const each of plan) {
      const [leader, ...others] = each.replicas
      if (leader === undefined) continue
      const better = others.sort((a, b) => count(a) - count(b))[0]
      if (better === undefined || count(leader) - count(better) < 2) continue
      each.replicas = [better, ...each.replicas.filter((id) => id !== better)]
      counts.set(leader, count(leader) - 1)
      counts.set(better, count(better) + 1)
      isMoving = true
    }
  }
}
