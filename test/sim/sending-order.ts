import { sentOf, short } from './history.ts'

/** Of those who promise it: names of idempotent producers begin with `i`. */
export class SendingOrder {
  private readonly place: string
  private readonly violation: (what: string) => void
  private readonly offsets = new Map<string, number>()
  private readonly lastNumbers = new Map<string, number>()

  constructor(place: string, violation: (what: string) => void) {
    this.place = place
    this.violation = violation
  }

  next(offset: number, value: string): void {
    const { producer, number } = sentOf(value)
    if (!producer.startsWith('i')) return
    const before = this.offsets.get(value)
    if (before !== undefined)
      this.violation(`${this.place}: ${short(value)} is there twice, at ${before} and ${offset}`)
    const last = this.lastNumbers.get(producer) ?? -1
    if (number < last)
      this.violation(`${this.place}: ${short(value)} at ${offset} comes after number ${last}`)
    this.lastNumbers.set(producer, number)
    this.offsets.set(value, offset)
  }
}
