import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

/** How long sessions may be silent (zoo.cfg). */
export interface SessionLimits {
  /** tickTime. Expiry is looked for once a tick. */
  readonly tickMs: number
  /** Default: two ticks. */
  readonly minTimeoutMs: number
  /** Default: twenty ticks. */
  readonly maxTimeoutMs: number
}

const DEFAULT_TICK_MS = 2000

export function sessionLimits(options: Partial<SessionLimits> = {}): SessionLimits {
  const { tickMs = DEFAULT_TICK_MS } = options
  return { tickMs, minTimeoutMs: 2 * tickMs, maxTimeoutMs: 20 * tickMs, ...options }
}

/** A standalone ZooKeeper gives out sessions as server 1. */
const SERVER_ID = 1n

export interface Session {
  readonly id: bigint
  readonly timeoutMs: number
  /** Its owner lives in this process: it does not expire by itself. */
  readonly isPinned: boolean
  /** Monotonic time of the last sign of life. */
  lastSeenMs: number
  /** Its end is under way; requests are refused from now on. */
  isClosing: boolean
}

/** Who is connected, and for how long without a sign of life (SessionTrackerImpl). */
export class Sessions {
  readonly limits: SessionLimits
  private readonly clock: Clock
  private readonly onExpired: (id: bigint) => void
  private readonly byId = new Map<bigint, Session>()
  private nextId: bigint
  private timer: Timer | undefined
  private isStopped = false

  /** `onExpired` is called once for each session that was silent too long, after it was marked as closing. */
  constructor(clock: Clock, random: Random, limits: SessionLimits, onExpired: (id: bigint) => void) {
    this.clock = clock
    this.limits = limits
    this.onExpired = onExpired
    // Forty bits of the time in milliseconds, then a counter: sessions of earlier processes had other numbers, also
    // when there were several in one millisecond.
    const time = BigInt(Math.floor(clock.nowMs())) & ((1n << 40n) - 1n)
    this.nextId = (SERVER_ID << 56n) | (time << 16n) | BigInt(random.int(0x8000))
  }

  get size(): number {
    return this.byId.size
  }

  all(): Session[] {
    return [...this.byId.values()]
  }

  /** What a client that wishes so much is given. */
  timeoutFor(wantedMs: number): number {
    const { minTimeoutMs, maxTimeoutMs } = this.limits
    return Math.min(Math.max(Math.floor(wantedMs), minTimeoutMs), maxTimeoutMs)
  }

  /** A number no session has. */
  newId(): bigint {
    while (this.byId.has(this.nextId)) this.nextId++
    return this.nextId++
  }

  track(id: bigint, timeoutMs: number, options: { isPinned: boolean }): void {
    this.byId.set(id, {
      id,
      timeoutMs,
      isPinned: options.isPinned,
      lastSeenMs: this.clock.monotonicMs(),
      isClosing: false,
    })
    this.schedule()
  }

  isOpen(id: bigint): boolean {
    return this.byId.get(id)?.isClosing === false
  }

  /** Its client may connect again and go on with it. */
  canTakeUp(id: bigint): boolean {
    return this.isOpen(id) && this.byId.get(id)?.isPinned === false
  }

  touch(id: bigint): void {
    const session = this.byId.get(id)
    if (session !== undefined) session.lastSeenMs = this.clock.monotonicMs()
  }

  setClosing(id: bigint): void {
    const session = this.byId.get(id)
    if (session !== undefined) session.isClosing = true
  }

  remove(id: bigint): void {
    this.byId.delete(id)
  }

  stop(): void {
    this.isStopped = true
    this.timer?.cancel()
    this.timer = undefined
  }

  private schedule(): void {
    if (this.timer !== undefined || this.isStopped) return
    if (![...this.byId.values()].some(canExpire)) return
    this.timer = this.clock.setTimer(this.limits.tickMs, () => this.tick(), { unref: true })
  }

  private tick(): void {
    this.timer = undefined
    const nowMs = this.clock.monotonicMs()
    for (const session of [...this.byId.values()]) {
      if (!canExpire(session) || nowMs - session.lastSeenMs < session.timeoutMs) continue
      session.isClosing = true
      this.onExpired(session.id)
    }
    this.schedule()
  }
}

function canExpire(session: Session): boolean {
  return !session.isPinned && !session.isClosing
}

const PASSWORD_SECRET = 0xb3415c00n

/**
 * What a client must show to take its session up again: 16 bytes that follow from the session's id
 * (ZooKeeperServer.generatePasswd), so that they are still known after a restart.
 */
export function sessionPassword(id: bigint): Buffer {
  const password = Buffer.alloc(16)
  // java.util.Random, seeded with the id.
  const mask = (1n << 48n) - 1n
  let state = (id ^ PASSWORD_SECRET ^ 0x5deece66dn) & mask
  for (let at = 0; at < password.length; at += 4) {
    state = (state * 0x5deece66dn + 0xbn) & mask
    password.writeInt32LE(Number(BigInt.asIntN(32, state >> 16n)), at)
  }
  return password
}
