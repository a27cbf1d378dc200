/** What a topic is used for, and so what may be expected of it. */
export interface TopicPlan {
  readonly name: string
  partitions: number
  readonly kind: TopicKind
  readonly configs: Readonly<Record<string, string>>
}

/**
 * - `kept`: every record stays.
 * - `trimmed`: the oldest go, by retention or because somebody asks for it.
 * - `compacted`: of each key the newest stays.
 * - `unclean`: who was not in sync may lead. Records may be lost; the replicas must still agree.
 * - `passing`: it is deleted one day; nothing is expected.
 * - `internal`: the brokers write it.
 */
export type TopicKind = 'kept' | 'trimmed' | 'compacted' | 'unclean' | 'passing' | 'internal'

/** Whether what was acknowledged can be read from the beginning on. */
export function isReadable({ kind }: TopicPlan): boolean {
  return kind === 'kept' || kind === 'trimmed' || kind === 'compacted'
}

export interface Acknowledged {
  readonly place: string
  /** -1: the broker did not say. */
  readonly offset: number
  readonly key: string
  /** Empty for a tombstone. */
  readonly value: string
}

/** A value that names who sent it, and as which of its records: `p3.1:17`. */
export interface Sent {
  readonly producer: string
  readonly number: number
}

export function labelOf({ producer, number }: Sent, padding: string): string {
  return `${producer}:${number}:${padding}`
}

export function sentOf(value: string): Sent {
  const [producer = '', number = ''] = value.split(':', 2)
  return { producer, number: Number(number) }
}

/** What clients saw. Promises to a reader are held at once: an offset that was read has that record for ever. */
export class History {
  readonly acknowledged: Acknowledged[] = []
  /** place → offset → value. */
  readonly reads = new Map<string, Map<number, string>>()
  /** place → how far anybody asked for the deletion of records. */
  readonly trims = new Map<string, number>()
  ackCount = 0
  failedCount = 0
  private readonly lastAcknowledged = new Map<string, number>()
  private readonly lastRead = new Map<string, number>()
  private readonly violation: (what: string) => void

  constructor(violation: (what: string) => void) {
    this.violation = violation
  }

  acknowledge(topic: TopicPlan, record: Acknowledged): void {
    if (!isReadable(topic)) return
    const { place, offset } = record
    this.acknowledged.push(record)
    // It may go before anybody has read it.
    if (topic.kind === 'trimmed') return
    this.lastAcknowledged.set(place, Math.max(offset, this.lastAcknowledged.get(place) ?? -1))
  }

  read(place: string, offset: number, value: string, reader: string): void {
    let seen = this.reads.get(place)
    if (seen === undefined) {
      seen = new Map()
      this.reads.set(place, seen)
    }
    this.lastRead.set(place, Math.max(offset, this.lastRead.get(place) ?? -1))
    const before = seen.get(offset)
    if (before === undefined) seen.set(offset, value)
    else if (before !== value)
      this.violation(
        `${place} offset ${offset} was read as ${short(before)} and now by ${reader} as ${short(value)}`,
      )
  }

  /** Where nobody has come as far as something was acknowledged. */
  unread(): string | undefined {
    for (const [place, offset] of this.lastAcknowledged)
      if ((this.lastRead.get(place) ?? -1) < offset) return `${place} offset ${offset}`
    return undefined
  }
}

export function short(value: string): string {
  return value.length > 30 ? `${value.slice(0, 30)}…` : value
}
