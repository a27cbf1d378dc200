import type { Address, Channel, ChannelHandlers, Listener, Network, Part } from '../../src/base/network.ts'
import { PartQueue } from '../../src/base/part-queue.ts'
import type { Random } from '../../src/base/random.ts'
import { systemError } from '../support/memory-file-system.ts'
import type { SimProcess } from './process.ts'
import type { Owner, Scheduler } from './scheduler.ts'

/** The way from one machine to another; the way back is another one. */
export interface LinkState {
  /** Nothing gets through; what was sent is sent again and again, as TCP does. */
  isCut: boolean
  minDelayMs: number
  maxDelayMs: number
}

interface Bound {
  readonly process: SimProcess
  readonly accept: (channel: Channel) => void
}

/** How long TCP waits before it tries again; doubled from time to time. */
const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 3000

/** Hears what is sent to a listener, in the order in which it is sent. */
export type Tap = (from: SimProcess, address: string) => ((bytes: Uint8Array) => void) | undefined

/**
 * TCP between named machines. Bytes of one connection and direction arrive in their order, those of others before or
 * behind them. Who loses a process tells the other side as the kernel does; who loses the machine tells nobody.
 */
export class SimNetwork implements Owner {
  readonly isAlive = true
  readonly heldUntilMs = 0
  readonly scheduler: Scheduler
  readonly random: Random
  private readonly bound = new Map<string, Bound>()
  private readonly links = new Map<string, LinkState>()
  private readonly machinesDown = new Set<string>()
  private readonly ends = new Set<SimChannel>()
  private readonly tap: Tap
  private nextPort = 40_000

  constructor(scheduler: Scheduler, random: Random, tap: Tap) {
    this.scheduler = scheduler
    this.random = random
    this.tap = tap
  }

  uncaught(error: unknown): void {
    throw error
  }

  link(from: string, to: string): LinkState {
    const key = `${from}>${to}`
    let state = this.links.get(key)
    if (state === undefined) {
      state = { isCut: false, minDelayMs: 0.1, maxDelayMs: 1 }
      this.links.set(key, state)
    }
    return state
  }

  /** The port as one process sees it. */
  of(process: SimProcess): Network {
    process.onEnd(() => {
      for (const [key, { process: owner }] of this.bound) if (owner === process) this.bound.delete(key)
      for (const end of [...this.ends]) if (end.process === process) end.processEnded()
    })
    return {
      connect: (address, { timeoutMs }) => this.connect(process, address, timeoutMs),
      listen: (address, accept) => this.listen(process, address, accept),
    }
  }

  /** The machine is gone, with all that its kernel had to say. */
  machineDown(host: string): void {
    this.machinesDown.add(host)
    for (const end of [...this.ends]) if (end.process.host === host) end.machineEnded()
  }

  machineUp(host: string): void {
    this.machinesDown.delete(host)
  }

  isMachineDown(host: string): boolean {
    return this.machinesDown.has(host)
  }

  /** Resets some of the open connections between two machines; `oneSided`: only one end of each hears of it. */
  reset(a: string, b: string, oneSided: boolean): void {
    for (const end of [...this.ends]) {
      const hosts = [end.process.host, end.other.process.host]
      if (end.isNear && hosts.includes(a) && hosts.includes(b)) {
        if (this.random.int(4) === 0) continue
        const both = [end, end.other]
        const told = oneSided ? [both[this.random.int(2)] as SimChannel] : both
        for (const each of told) each.breakOff(systemError('ECONNRESET', 'the connection was reset'))
      }
    }
  }

  delayMs(from: string, to: string): number {
    const { minDelayMs, maxDelayMs } = this.link(from, to)
    return minDelayMs + this.random.next() * (maxDelayMs - minDelayMs)
  }

  /** Whether nothing comes from one machine to the other at the moment. */
  isCut(from: string, to: string): boolean {
    return this.machinesDown.has(to) || (from !== to && this.link(from, to).isCut)
  }

  forget(end: SimChannel): void {
    this.ends.delete(end)
  }

  private listen(
    process: SimProcess,
    address: Address,
    accept: (channel: Channel) => void,
  ): Promise<Listener> {
    const key = keyOf(address)
    if (this.bound.has(key)) return Promise.reject(systemError('EADDRINUSE', key))
    const bound = { process, accept }
    this.bound.set(key, bound)
    return Promise.resolve({
      address,
      close: () => {
        if (this.bound.get(key) === bound) this.bound.delete(key)
        return Promise.resolve()
      },
    })
  }

  private connect(process: SimProcess, address: Address, timeoutMs: number): Promise<Channel> {
    const key = keyOf(address)
    const to = key.slice(0, key.lastIndexOf(':'))
    const { scheduler } = this
    return new Promise((resolve, reject) => {
      const stop = scheduler.at(scheduler.nowMs + timeoutMs, process, () => {
        isOver = true
        reject(systemError('ETIMEDOUT', `no answer from ${key} within ${timeoutMs} ms`))
      })
      let isOver = false
      const answer = (fn: () => void) => {
        const arriveMs = scheduler.nowMs + this.delayMs(to, process.host)
        scheduler.at(arriveMs, process, () => {
          if (isOver) return
          isOver = true
          stop()
          fn()
        })
      }
      const attempt = (retryMs: number) => {
        if (isOver || !process.isAlive) return
        if (this.isCut(process.host, to) || this.isCut(to, process.host)) {
          scheduler.at(scheduler.nowMs + retryMs, this, () =>
            attempt(Math.min(2 * retryMs, LONGEST_RETRY_MS)),
          )
          return
        }
        const bound = this.bound.get(key)
        if (bound === undefined) {
          answer(() => reject(systemError('ECONNREFUSED', `nobody listens on ${key}`)))
          return
        }
        const near = this.open(process, bound, key)
        // Too late, and nobody will ever use it: the kernel closes it.
        scheduler.at(scheduler.nowMs + timeoutMs + 1, this, () => {
          if (!near.isTaken) near.destroy()
        })
        answer(() => {
          near.isTaken = true
          resolve(near)
        })
      }
      scheduler.at(scheduler.nowMs + this.delayMs(process.host, to), this, () => attempt(1000))
    })
  }

  private open(process: SimProcess, bound: Bound, key: string): SimChannel {
    const port = this.nextPort++
    const near = new SimChannel(this, process, key, this.tap(process, key))
    const far = new SimChannel(this, bound.process, `${process.host}:${port}`, undefined)
    near.join(far, true)
    far.join(near, false)
    this.ends.add(near)
    this.ends.add(far)
    this.scheduler.at(this.scheduler.nowMs, bound.process, () => bound.accept(far))
    return near
  }
}

function keyOf(address: Address): string {
  if (address.kind !== 'tcp') throw systemError('EINVAL', `the simulated network has no ${address.kind}`)
  return `${address.host}:${address.port}`
}

type Item = { readonly arriveMs: number } & (
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
)

/** More than this on its way, and file ranges are no longer read ahead. */
const HIGH_WATER_BYTES = 64 * 1024

/** One end of a connection. */
export class SimChannel implements Channel {
  readonly peer: string
  readonly process: SimProcess
  isTaken = false
  isNear = false
  other!: SimChannel
  private readonly network: SimNetwork
  private readonly output: PartQueue
  private readonly tap: ((bytes: Uint8Array) => void) | undefined
  private handlers: ChannelHandlers | undefined
  /** On its way to the other end. */
  private sent: Item[] = []
  private sentBytes = 0
  private lastArrivalMs = 0
  private isMoving = false
  private retryMs = FIRST_RETRY_MS
  /** Arrived, and not yet given out. */
  private inbox: Buffer[] = []
  private inboxBytes = 0
  private isPaused = false
  private isEnding = false
  private isScheduled = false
  /** Of this end. The kernel may still be sending what was written before. */
  private closed: { readonly error: Error | null } | undefined
  private isCloseTold = false
  private waiting: (() => void)[] = []

  constructor(
    network: SimNetwork,
    process: SimProcess,
    peer: string,
    tap: ((bytes: Uint8Array) => void) | undefined,
  ) {
    this.network = network
    this.process = process
    this.peer = peer
    this.tap = tap
    this.output = new PartQueue({
      emit: (chunks) => this.emit(chunks),
      ready: () => this.ready(),
      failed: (error) => this.destroy(error),
      empty: () => this.finishEnding(),
    })
  }

  join(other: SimChannel, isNear: boolean): void {
    this.other = other
    this.isNear = isNear
  }

  get bufferedBytes(): number {
    return this.output.bytes + this.sentBytes + this.other.inboxBytes
  }

  start(handlers: ChannelHandlers): void {
    this.handlers = handlers
    this.schedule()
  }

  write(parts: readonly Part[]): void {
    this.output.push(parts)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.schedule()
  }

  end(): void {
    this.isEnding = true
    if (this.output.bytes === 0) this.finishEnding()
  }

  destroy(error?: Error): void {
    if (this.closed !== undefined) return
    this.send(this.network.random.int(2) === 0 ? { kind: 'end' } : { kind: 'reset' })
    this.shut(error ?? null)
  }

  /** The process is gone; its kernel closes what it had open. */
  processEnded(): void {
    if (this.closed === undefined) this.send({ kind: this.network.random.int(2) === 0 ? 'end' : 'reset' })
    this.shut(null)
  }

  /** The machine is gone: what it had sent and was still on its way in its kernel is too. */
  machineEnded(): void {
    this.sent = []
    this.sentBytes = 0
    this.shut(null)
  }

  /** This end hears that the connection is over; the other one does not hear of it from here. */
  breakOff(error: Error): void {
    this.sent = []
    this.sentBytes = 0
    this.shut(error)
  }

  private finishEnding(): void {
    if (!this.isEnding || this.closed !== undefined) return
    this.send({ kind: 'end' })
    this.shut(null)
  }

  private shut(error: Error | null): void {
    if (this.closed !== undefined) return
    this.closed = { error }
    this.inbox = []
    this.inboxBytes = 0
    this.output.destroy()
    this.wakeWriters()
    this.schedule()
    if (this.other.closed !== undefined) {
      this.network.forget(this)
      this.network.forget(this.other)
    }
  }

  private emit(chunks: readonly Uint8Array[]): void {
    if (this.closed !== undefined) return
    const whole = chunks.length === 1 ? viewOf(chunks[0] as Uint8Array) : Buffer.concat(chunks)
    if (whole.length === 0) return
    this.tap?.(whole)
    const { random } = this.network
    const cut = whole.length > 1 && random.int(32) === 0 ? 1 + random.int(whole.length - 1) : 0
    if (cut > 0) this.send({ kind: 'data', bytes: whole.subarray(0, cut) })
    this.send({ kind: 'data', bytes: whole.subarray(cut) })
  }

  private send(item: { kind: 'data'; bytes: Buffer } | { kind: 'end' } | { kind: 'reset' }): void {
    const { network } = this
    const { nowMs } = network.scheduler
    const arriveMs = nowMs + network.delayMs(this.process.host, this.other.process.host)
    this.lastArrivalMs = Math.max(this.lastArrivalMs, arriveMs)
    this.sent.push({ ...item, arriveMs: this.lastArrivalMs })
    if (item.kind === 'data') this.sentBytes += item.bytes.length
    if (!this.isMoving) this.move(this.lastArrivalMs)
  }

  private move(atMs: number): void {
    this.isMoving = true
    this.network.scheduler.at(atMs, this.network, () => this.arrive())
  }

  /** What is due gets there, or is tried again later. */
  private arrive(): void {
    this.isMoving = false
    const { network, other } = this
    const { nowMs } = network.scheduler
    if (this.sent.length === 0) return
    if (network.isCut(this.process.host, other.process.host)) {
      this.move(nowMs + this.retryMs)
      this.retryMs = Math.min(2 * this.retryMs, LONGEST_RETRY_MS)
      return
    }
    this.retryMs = FIRST_RETRY_MS
    for (let item = this.sent[0]; item !== undefined && item.arriveMs <= nowMs; item = this.sent[0]) {
      this.sent.shift()
      if (item.kind === 'data') this.sentBytes -= item.bytes.length
      if (!other.take(item)) {
        // Nobody has this connection there: the kernel says so.
        if (!network.isCut(other.process.host, this.process.host))
          this.breakOff(systemError('ECONNRESET', 'the other side does not know this connection'))
        break
      }
    }
    const next = this.sent[0]
    if (next !== undefined && !this.isMoving) this.move(Math.max(next.arriveMs, nowMs))
  }

  /** False when this end is closed. */
  private take(item: Item): boolean {
    if (this.closed !== undefined) return item.kind !== 'data'
    if (item.kind === 'data') {
      this.inbox.push(item.bytes)
      this.inboxBytes += item.bytes.length
    } else if (item.kind === 'reset') {
      this.shut(systemError('ECONNRESET', 'the connection was reset'))
    } else {
      // It is told after it has been given everything.
      this.closed = { error: null }
      this.output.destroy()
      this.sent = []
      this.sentBytes = 0
      this.wakeWriters()
      this.network.forget(this)
      this.network.forget(this.other)
    }
    this.schedule()
    return true
  }

  private schedule(): void {
    if (this.isScheduled || this.handlers === undefined) return
    this.isScheduled = true
    this.network.scheduler.at(this.network.scheduler.nowMs, this.process, () => this.deliver())
  }

  private deliver(): void {
    this.isScheduled = false
    const { handlers } = this
    if (handlers === undefined) return
    while (!this.isPaused) {
      const chunk = this.inbox.shift()
      if (chunk === undefined) break
      this.inboxBytes -= chunk.length
      handlers.data(chunk)
    }
    if (this.inbox.length > 0) return
    if (this.closed !== undefined) {
      if (this.isCloseTold) return
      this.isCloseTold = true
      handlers.close(this.closed.error)
    } else this.other.drained()
  }

  /** The other end has taken what had arrived. */
  private drained(): void {
    if (this.sentBytes > 0 || this.other.inboxBytes > 0) return
    this.wakeWriters()
    if (this.closed !== undefined || this.output.bytes > 0 || this.handlers?.drain === undefined) return
    this.network.scheduler.at(this.network.scheduler.nowMs, this.process, () => {
      if (this.closed === undefined) this.handlers?.drain?.()
    })
  }

  private ready(): Promise<void> | undefined {
    if (this.closed !== undefined || this.sentBytes + this.other.inboxBytes < HIGH_WATER_BYTES)
      return undefined
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private wakeWriters(): void {
    const { waiting } = this
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
