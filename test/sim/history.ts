/** What a topic is used for, and so what may be expected of it. */
export interface TopicPlan {
  readonly name: string
  partitions: number
  /** `kept`: every record stays. `trimmed`: the oldest go. `passing`: it is deleted one day; nothing is expected. */
  readonly kind: 'kept' | 'trimmed' | 'passing'
  readonly configs: Readonly<Record<string, string>>
}

export interface Acknowledged {
  readonly place: string
  /** -1: the broker did not say. */
  readonly offset: number
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
  ackCount = 0
  failedCount = 0
  private readonly violation: (what: string) => void

  constructor(violation: (what: string) => void) {
    this.violation = violation
  }

  read(place: string, offset: number, value: string, reader: string): void {
    let seen = this.reads.get(place)
    if (seen === undefined) {
      seen = new Map()
      this.reads.set(place, seen)
    }
    const before = seen.get(offset)
    if (before === undefined) seen.set(offset, value)
    else if (before !== value)
      this.violation(
        `${place} offset ${offset} was read as ${short(before)} and now by ${reader} as ${short(value)}`,
      )
  }
}

export function short(value: string): string {
  return value.length > 30 ? `${value.slice(0, 30)}…` : value
}
