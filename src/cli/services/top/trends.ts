import type { TopView } from './view.ts'

const KEPT = 60

/** What went before, for the small charts: of each group's lag, of each topic's and the cluster's records. */
export class Trends {
  private series = new Map<string, number[]>()

  /** What is no longer there is forgotten. */
  add(view: TopView): void {
    const now: [string, number | null][] = [
      ['in', view.inPerSecond],
      ...view.topics.map(({ topic, inPerSecond }): [string, number | null] => [
        `topic ${topic}`,
        inPerSecond,
      ]),
      ...view.groups.map(({ group, lag }): [string, number | null] => [`group ${group}`, lag]),
    ]
    const kept = new Map<string, number[]>()
    for (const [name, value] of now) {
      const past = this.series.get(name) ?? []
      if (value !== null) past.push(value)
      if (past.length > KEPT) past.shift()
      kept.set(name, past)
    }
    this.series = kept
  }

  /** The last values, the latest at the end. */
  of(kind: 'in' | 'topic' | 'group', name = ''): readonly number[] {
    return this.series.get(kind === 'in' ? kind : `${kind} ${name}`) ?? []
  }
}
