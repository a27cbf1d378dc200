import type { Clock } from '../../../base/clock.ts'
import { javaDouble } from '../java-lang.ts'

/** What happens, as one line of JSON each, in the order of Kafka's fields. */
export class JsonEvents {
  private readonly clock: Clock
  private readonly print: (text: string) => void

  constructor(clock: Clock, print: (text: string) => void) {
    this.clock = clock
    this.print = print
  }

  say(name: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.print(`${JSON.stringify({ timestamp: this.clock.nowMs(), name, ...data })}\n`)
  }

  /** The last field is a Java double, which always shows a fraction; what is no number is shown as text. */
  sayWithDouble(name: string, data: Readonly<Record<string, unknown>>, field: string, value: number): void {
    const text = Number.isFinite(value) ? javaDouble(value) : JSON.stringify(String(value))
    const rest = JSON.stringify({ timestamp: this.clock.nowMs(), name, ...data }).slice(0, -1)
    this.print(`${rest},${JSON.stringify(field)}:${text}}\n`)
  }
}
