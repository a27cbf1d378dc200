import type { Random } from '../../src/base/random.ts'
import type { AdminClient } from './clients.ts'
import type { TopicPlan } from './history.ts'

const MAX_PARTITIONS = 4

/** The topics of a world. The first one is always there, the others in some worlds. */
export function planTopics(random: Random): TopicPlan[] {
  const small = () => String(1000 + random.int(8000))
  const plans: TopicPlan[] = [
    {
      name: 'kept',
      partitions: 1 + random.int(3),
      kind: 'kept',
      configs: { 'min.insync.replicas': String(1 + random.int(2)), 'segment.bytes': small() },
    },
  ]
  if (random.int(2) === 0) {
    const configs = [{ 'retention.bytes': small() }, { 'retention.ms': '4000' }, {}][random.int(3)]
    plans.push({
      name: 'trimmed',
      partitions: 1,
      kind: 'trimmed',
      configs: { 'segment.bytes': small(), ...configs },
    })
  }
  if (random.int(2) === 0)
    plans.push({
      name: 'compacted',
      partitions: 1 + random.int(2),
      kind: 'compacted',
      configs: {
        'cleanup.policy': 'compact',
        'segment.bytes': small(),
        'min.cleanable.dirty.ratio': String(random.int(5) / 10),
        ...(random.int(2) === 0 && { 'delete.retention.ms': String(random.int(4000)) }),
      },
    })
  if (random.int(4) === 0)
    plans.push({
      name: 'unclean',
      partitions: 1,
      kind: 'unclean',
      configs: { 'unclean.leader.election.enable': 'true', 'segment.bytes': small() },
    })
  return plans
}

export interface ChangingWorld {
  readonly random: Random
  readonly topics: TopicPlan[]
  readonly brokers: readonly { readonly id: number; readonly logDirs: readonly string[] }[]
  readonly isHealed: boolean
  readonly history: {
    readonly reads: ReadonlyMap<string, ReadonlyMap<number, string>>
    readonly trims: Map<string, number>
  }
  later(delayMs: number, fn: () => void): void
}

/** Changes the topics, one thing after the other, until the world heals. */
export class TopicChanges {
  private readonly world: ChangingWorld
  private readonly admin: AdminClient
  private generation = 0

  constructor(world: ChangingWorld, admin: AdminClient) {
    this.world = world
    this.admin = admin
  }

  async run(): Promise<void> {
    const { world, admin } = this
    const { random } = world
    for (;;) {
      await this.pause()
      if (world.isHealed) return
      const topic = this.someTopic()
      const partition = random.int(topic.partitions)
      switch (random.int(8)) {
        case 0:
          await this.passBy()
          break
        case 1:
          if (topic.partitions < MAX_PARTITIONS && topic.kind !== 'compacted') await admin.grow(topic)
          break
        case 2:
          await admin.configure(topic.name, 'min.insync.replicas', String(1 + random.int(2)))
          break
        case 3:
          await admin.reassign(topic.name, partition, this.someBrokers())
          break
        case 4:
          await admin.electPreferred(topic.name, partition)
          break
        case 5:
          await this.trim()
          break
        case 6:
          await this.move(topic.name, partition)
          break
        default:
          await admin.configure(topic.name, 'segment.bytes', String(1000 + random.int(8000)))
      }
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.world.later(this.world.random.int(6000), resolve))
  }

  /** A topic that is made, and soon deleted. */
  private async passBy(): Promise<void> {
    const { topics } = this.world
    const plan: TopicPlan = {
      name: 'passing',
      partitions: 1 + (this.generation++ % 2),
      kind: 'passing',
      configs: {},
    }
    await this.admin.create(plan, 2)
    topics.push(plan)
    await this.pause()
    topics.splice(topics.indexOf(plan), 1)
    await this.admin.delete(plan.name)
  }

  /** To any of the directories of any broker, whether it has the partition or not. */
  private async move(topic: string, partition: number): Promise<void> {
    const { brokers, random } = this.world
    const { id, logDirs } = brokers[random.int(brokers.length)] as ChangingWorld['brokers'][number]
    if (logDirs.length === 1) return
    await this.admin.move(topic, partition, id, logDirs[random.int(logDirs.length)] as string)
  }

  /** Up to something that somebody has read. */
  private async trim(): Promise<void> {
    const { topics, history, random } = this.world
    const topic = topics.find(({ kind }) => kind === 'trimmed')
    if (topic === undefined) return
    const partition = random.int(topic.partitions)
    const place = `${topic.name}-${partition}`
    const offsets = [...(history.reads.get(place)?.keys() ?? [])]
    const offset = offsets[random.int(offsets.length + 1)]
    if (offset === undefined) return
    history.trims.set(place, Math.max(offset, history.trims.get(place) ?? 0))
    await this.admin.trim(topic.name, partition, offset)
  }

  /** Mostly the first one, which has most to lose. */
  private someTopic(): TopicPlan {
    const { topics, random } = this.world
    const own = topics.filter(({ kind }) => kind !== 'internal' && kind !== 'passing')
    return own[random.int(2) * random.int(own.length)] as TopicPlan
  }

  /** Two or three, in any order. */
  private someBrokers(): number[] {
    const { brokers, random } = this.world
    const left = brokers.map(({ id }) => id)
    const wanted = 2 + random.int(2)
    const chosen: number[] = []
    while (chosen.length < wanted) chosen.push(...left.splice(random.int(left.length), 1))
    return chosen
  }
}
