import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { TreeEvent, TxnResult } from './data-tree.ts'
import type { Database } from './database.ts'
import { ZooKeeperError } from './errors.ts'
import { type Prepared, Preparer, type Requester, type WriteRequest } from './prepare.ts'

/**
 * Called once; for requests that became transactions in their order over all sessions, otherwise at once and without
 * `prepared`.
 */
export type Done = (
  error: ZooKeeperError | undefined,
  result: TxnResult,
  prepared: Prepared | undefined,
) => void

interface Pending {
  readonly prepared: Prepared
  readonly done: Done
  /** What waits to see this write, in order. */
  readonly followers: (() => void)[]
}

export interface PipelineOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly isSessionOpen: (id: bigint) => boolean
  readonly hasTtlNodes: boolean
  readonly enforcesQuotas: boolean
  /** After the transaction is in the tree, before its `done`. */
  readonly onEvents: (events: readonly TreeEvent[]) => void
  /** The log cannot be written any more; all that was pending has been rejected. */
  readonly onFailure: (error: unknown) => void
}

/** One sync never covers more than this (SyncRequestProcessor). */
const MAX_GROUP = 1000
const NO_RESULT: TxnResult = { code: 0, path: '', stat: null, steps: [] }

/**
 * Prepare, persist, apply: the same order for all three, refused requests included. While one group of transactions is
 * on its way to the disk the next one gathers.
 */
export class Pipeline {
  private readonly database: Database
  private readonly preparer: Preparer
  private readonly options: PipelineOptions
  private queue: Pending[] = []
  private inFlight: Pending[] = []
  private isRunning = false
  private idleWaiters: (() => void)[] = []
  private failure: { readonly cause: unknown } | undefined

  constructor(database: Database, options: PipelineOptions) {
    this.database = database
    this.options = options
    this.preparer = new Preparer(database.tree, options)
  }

  /** Accepted writes that are not applied yet. */
  get pendingCount(): number {
    return this.queue.length + this.inFlight.length
  }

  submit(requester: Requester, request: WriteRequest, done: Done): Pending | undefined {
    if (this.failure !== undefined) {
      done(new ZooKeeperError('CONNECTIONLOSS', undefined, this.failure), NO_RESULT, undefined)
      return undefined
    }
    let prepared: Prepared
    try {
      prepared = this.preparer.prepare(requester, request)
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error
      done(error, NO_RESULT, undefined)
      return undefined
    }
    const pending: Pending = { prepared, done, followers: [] }
    this.queue.push(pending)
    if (!this.isRunning) {
      this.isRunning = true
      void this.run()
    }
    return pending
  }

  /** Runs `then` when all that was submitted so far is applied; at once when nothing is pending. */
  afterAll(then: () => void): void {
    const last = this.queue.at(-1) ?? this.inFlight.at(-1)
    if (last === undefined) then()
    else last.followers.push(then)
  }

  idle(): Promise<void> {
    if (!this.isRunning) return Promise.resolve()
    return new Promise((resolve) => this.idleWaiters.push(resolve))
  }

  private async run(): Promise<void> {
    try {
      // The rest of this turn's writes join the first group.
      await Promise.resolve()
      while (this.queue.length > 0) {
        this.inFlight = this.queue.splice(0, MAX_GROUP)
        await this.persist(this.inFlight)
        while (this.inFlight.length > 0) {
          const next = this.inFlight[0]
          if (next !== undefined) this.complete(next)
        }
        this.database.rollIfDue()
      }
    } catch (error) {
      this.fail(error)
    }
    this.isRunning = false
    for (const resolve of this.idleWaiters.splice(0)) resolve()
  }

  private async persist(group: readonly Pending[]): Promise<void> {
    const first = group[0]
    if (first === undefined) return
    const entries = group.map((each) => each.prepared.bytes)
    await this.database.append(first.prepared.entry.header.zxid, entries)
  }

  private complete(pending: Pending): void {
    const { prepared } = pending
    const events: TreeEvent[] = []
    const result = this.database.apply(prepared.entry, events)
    this.preparer.release(prepared)
    this.inFlight.shift()
    this.options.onEvents(events)
    pending.done(prepared.error, result, prepared)
    for (const follower of pending.followers) follower()
  }

  private fail(error: unknown): void {
    this.failure = { cause: error }
    this.database.abandon()
    const lost = [...this.inFlight, ...this.queue]
    this.inFlight = []
    this.queue = []
    for (const pending of lost) {
      pending.done(
        new ZooKeeperError('CONNECTIONLOSS', undefined, { cause: error }),
        NO_RESULT,
        pending.prepared,
      )
    }
    this.options.onFailure(error)
    for (const pending of lost) for (const follower of pending.followers) follower()
  }
}
