import type { Clock, Timer } from '../../src/base/clock.ts'
import type { Logger } from '../../src/base/logger.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Owner, Scheduler } from './scheduler.ts'

/** Wall-clock time when a world begins. */
const WORLD_BEGAN_MS = 1_700_000_000_000

/** What happens around processes; the world keeps it. */
export interface Surroundings {
  readonly scheduler: Scheduler
  readonly seed: number
  trace(who: string, what: string): void
  /** A process did what would have ended it, or what nobody may do. */
  violation(what: string): void
}

/** How a machine's clock goes wrong. */
export interface ClockFault {
  /** Of the wall clock; may be changed at any time. */
  offsetMs: number
  /** Local seconds per second, near 1. */
  readonly rate: number
}

/** One run of a program on a machine: its clock, its randomness, its log. It ends without a word. */
export class SimProcess implements Owner {
  readonly host: string
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  isAlive = true
  heldUntilMs = 0
  private readonly around: Surroundings
  private readonly startedMs: number
  private readonly clockFault: ClockFault
  private readonly ends: (() => void)[] = []

  constructor(around: Surroundings, host: string, run: number, clockFault: ClockFault) {
    this.around = around
    this.host = host
    this.name = `${host}#${run}`
    this.clockFault = clockFault
    this.startedMs = around.scheduler.nowMs
    this.random = seededRandom(hash(`${around.seed}/${this.name}`))
    this.clock = this.makeClock()
    this.logger = this.makeLogger()
  }

  /** Calls `fn` when the process ends, however it does. */
  onEnd(fn: () => void): void {
    this.ends.push(fn)
  }

  /** Kill -9. Nothing of it runs any more; what it had asked of disk and network is theirs to settle. */
  end(): void {
    if (!this.isAlive) return
    this.isAlive = false
    for (const fn of this.ends) fn()
  }

  uncaught(error: unknown): void {
    this.around.violation(`uncaught exception in ${this.name}: ${textOf(error)}`)
  }

  private makeClock(): Clock {
    const { around, clockFault, startedMs } = this
    const { scheduler } = around
    return {
      nowMs: () => Math.floor(WORLD_BEGAN_MS + scheduler.nowMs + clockFault.offsetMs),
      monotonicMs: () => 1000 + (scheduler.nowMs - startedMs) * clockFault.rate,
      setTimer: (delayMs, fn): Timer => {
        // Node's timers count whole milliseconds, at least one.
        const waitMs = Math.max(1, Math.ceil(delayMs)) / clockFault.rate
        return { cancel: scheduler.at(scheduler.nowMs + waitMs, this, fn) }
      },
      defer: (fn) => {
        scheduler.at(scheduler.nowMs, this, fn)
      },
    }
  }

  private makeLogger(): Logger {
    const { around, name } = this
    const line = (level: string) => (message: string) => {
      if (this.isAlive) around.trace(name, `${level} ${message}`)
    }
    const error = (message: string, cause?: unknown) => {
      if (!this.isAlive) return
      around.trace(name, `ERROR ${message}${cause === undefined ? '' : `: ${textOf(cause)}`}`)
      if (isMistake(cause))
        around.violation(`${name} logged a programming error: ${message}: ${textOf(cause)}`)
    }
    return { debug: line('debug'), info: line('info'), warn: line('WARN'), error }
  }
}

/** Errors that no environment causes. */
function isMistake(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (['TypeError', 'RangeError', 'ReferenceError', 'AssertionError', 'SyntaxError'].includes(cause.name))
      return true
  }
  return false
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\n  because of ${textOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
