import type { Clock } from '../../base/clock.ts'
import { isFileRange } from '../../base/network.ts'
import type { ErrorName } from '../../protocol/index.ts'
import type { Log } from '../../storage/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import { DelayedFetch, type FetchStatus } from './delayed-fetch.ts'
import type { Partition } from './partition.ts'
import type { Purgatory } from './purgatory.ts'
import type { ReplicaSelector } from './replica-selector.ts'
import type { ReplicaTable } from './replica-table.ts'
import type { ReplicationQuota } from './replication-quota.ts'
import type { FetchIsolation, FetchParams, FetchPartition, FetchResult } from './types.ts'

const NOTHING: readonly never[] = []

interface Reading {
  readonly results: FetchResult[]
  /** What to watch while there is too little; null where an answer is due at once. */
  readonly statuses: FetchStatus[]
  readonly sizeBytes: number
  /** Of it, what counts for the quota of followers. */
  readonly throttledBytes: number
  readonly answerNow: boolean
}

/** Reads for consumers and followers, and waits while there is too little to send (ReplicaManager.fetchMessages). */
export class FetchPath {
  private readonly table: ReplicaTable
  private readonly purgatory: Purgatory
  private readonly clock: Clock
  /** Of what this broker gives to followers. */
  private readonly quota: ReplicationQuota
  /** Undefined: consumers read here. */
  private readonly selector: ReplicaSelector | undefined

  constructor(
    table: ReplicaTable,
    purgatory: Purgatory,
    clock: Clock,
    options: { readonly quota: ReplicationQuota; readonly selector: ReplicaSelector | undefined },
  ) {
    const { quota, selector } = options
    this.selector = selector
    this.table = table
    this.purgatory = purgatory
    this.clock = clock
    this.quota = quota
  }

  /** Results in the order of the partitions. Whoever gets them releases their file ranges. */
  async fetch(params: FetchParams, partitions: readonly FetchPartition[]): Promise<FetchResult[]> {
    const reading = await this.readAll(params, partitions, true)
    const { statuses, sizeBytes, answerNow } = reading
    if (answerNow || params.maxWaitMs <= 0 || partitions.length === 0 || sizeBytes >= params.minBytes)
      return this.given(reading)
    releaseResults(reading.results)
    await new Promise<void>((resolve) => {
      const keys = statuses.map((status) => status.partition)
      this.purgatory.tryCompleteElseWatch(new DelayedFetch(params, statuses, resolve), keys, params.maxWaitMs)
    })
    return this.given(await this.readAll(params, partitions, false))
  }

  private given({ results, throttledBytes }: Reading): FetchResult[] {
    this.quota.record(throttledBytes)
    return results
  }

  /** Null when the fetch is a consumer's, or of a replica that nobody has named; else whether it has to wait now. */
  private throttle(partition: Partition, replicaId: number): (() => boolean) | null {
    const { quota } = this
    if (replicaId < 0 || !quota.isLimited || !quota.isThrottled(partition.topic, partition.partition)) {
      return null
    }
    // One that is in sync is needed for acks=all.
    return () => !partition.isr.isr.includes(replicaId) && quota.isExceeded
  }

  /** An answer without records, for a consumer that should read from another replica. */
  private preferredReplica(
    partition: Partition,
    fetch: FetchPartition,
    { client }: FetchParams,
  ): FetchResult | undefined {
    if (client === undefined || this.selector === undefined) return undefined
    const preferred = this.selector.select(partition, fetch.fetchOffset, client)
    if (preferred === undefined) return undefined
    const { highWatermark, lastStableOffset, logStartOffset } = partition.logFor(
      fetch.currentLeaderEpoch,
      false,
    )
    const plan = { highWatermark, lastStableOffset, logStartOffset, diverging: null }
    return { ...emptyResult(plan), preferredReadReplica: preferred }
  }

  private async readAll(
    params: FetchParams,
    partitions: readonly FetchPartition[],
    isFirst: boolean,
  ): Promise<Reading> {
    const results: FetchResult[] = []
    const statuses: FetchStatus[] = []
    const nowMs = this.clock.monotonicMs()
    let sizeBytes = 0
    let throttledBytes = 0
    let answerNow = false
    for (const fetch of partitions) {
      const leftBytes = Math.max(0, params.maxBytes - sizeBytes)
      let result: FetchResult
      try {
        const partition = this.table.orThrow(fetch.topic, fetch.partition)
        const elsewhere = this.preferredReplica(partition, fetch, params)
        if (elsewhere !== undefined) {
          results.push(elsewhere)
          answerNow = true
          continue
        }
        const plan = planRead(partition, fetch, params, isFirst ? nowMs : null)
        // Before the read, so that what is appended meanwhile counts as new.
        const seenBytes = countedBytes(partition, params.isolation)
        const maxBytes = Math.min(fetch.maxBytes, leftBytes)
        const minOneMessage = sizeBytes === 0 && !params.hardMaxBytesLimit
        const heldBack = this.throttle(partition, params.replicaId)
        const isEmpty =
          plan.diverging !== null || fetch.fetchOffset >= plan.upperBound || heldBack?.() === true
        result =
          isEmpty || (maxBytes === 0 && !minOneMessage)
            ? emptyResult(plan)
            : await read(plan, fetch, maxBytes, minOneMessage, params.isolation)
        if (isFirst) {
          statuses.push({
            partition,
            fetch,
            leaderEpoch: partition.leaderEpoch,
            seenBytes,
            readBytes: result.sizeBytes,
            isHeldBack: heldBack,
          })
        }
        if (plan.diverging !== null) answerNow = true
        if (heldBack !== null) throttledBytes += result.sizeBytes
      } catch (error) {
        result = errorResult(toApiError(error).errorName)
        answerNow = true
      }
      sizeBytes += result.sizeBytes
      results.push(result)
    }
    return { results, statuses, sizeBytes, throttledBytes, answerNow }
  }
}

interface ReadPlan {
  readonly log: Log
  readonly upperBound: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | null
}

/** Checks the fetch and notes how far a follower has come (Partition.fetchRecords). `nowMs` null: it was noted before. */
function planRead(
  partition: Partition,
  fetch: FetchPartition,
  params: FetchParams,
  nowMs: number | null,
): ReadPlan {
  if (fetch.topicId !== null && partition.topicId !== null && fetch.topicId !== partition.topicId) {
    throw new ApiError('INCONSISTENT_TOPIC_ID', `${partition.key} has another topic id`)
  }
  const log = partition.logFor(fetch.currentLeaderEpoch, params.onlyFromLeader)
  const follower =
    params.replicaId >= 0 ? partition.followerOrThrow(params.replicaId, fetch.currentLeaderEpoch >= 0) : null
  const { fetchOffset } = fetch
  const endOffset = log.logEndOffset
  // A follower at the end of a log that nobody uses: what else there is to know of it would have to be read from disk.
  const isAsleep = follower !== null && !log.isOpen && fetchOffset === endOffset
  const diverging = fetch.lastFetchedEpoch >= 0 ? divergence(partition, fetch, params) : null
  if (diverging === null) {
    const isInside = isAsleep || (fetchOffset >= log.logStartOffset && fetchOffset <= endOffset)
    if (!isInside) throw outOfRange(log, fetch)
    if (follower !== null && nowMs !== null) {
      const { logStartOffset } = fetch
      const progress = { fetchOffset, logStartOffset, brokerEpoch: params.replicaEpoch, nowMs }
      partition.followerFetched(follower, progress, endOffset)
    }
  }
  const { highWatermark } = log
  const lastStableOffset = isAsleep ? highWatermark : log.lastStableOffset
  const logStartOffset = isAsleep ? -1 : log.logStartOffset
  const upperBound =
    params.isolation === 'log-end'
      ? endOffset
      : params.isolation === 'committed'
        ? lastStableOffset
        : highWatermark
  return { log, upperBound, highWatermark, lastStableOffset, logStartOffset, diverging }
}

/** Where the client's history leaves ours, or null (KIP-595). */
function divergence(partition: Partition, fetch: FetchPartition, params: FetchParams): ReadPlan['diverging'] {
  const log = partition.logWithEpochs(fetch.currentLeaderEpoch, params.onlyFromLeader)
  const { epoch, endOffset } = log.endOffsetForEpoch(fetch.lastFetchedEpoch)
  if (epoch < 0 || endOffset < 0 || fetch.fetchOffset < log.logStartOffset) throw outOfRange(log, fetch)
  if (epoch < fetch.lastFetchedEpoch || endOffset < fetch.fetchOffset) return { epoch, endOffset }
  return null
}

function outOfRange(log: Log, fetch: FetchPartition): ApiError {
  return new ApiError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${fetch.fetchOffset} of ${fetch.topic}-${fetch.partition} is not between ${log.logStartOffset} and ` +
      `${log.logEndOffset}`,
  )
}

async function read(
  plan: ReadPlan,
  fetch: FetchPartition,
  maxBytes: number,
  minOneMessage: boolean,
  isolation: FetchIsolation,
): Promise<FetchResult> {
  const { parts, sizeBytes, abortedTransactions } = await plan.log.read(fetch.fetchOffset, {
    maxBytes,
    minOneMessage,
    upperBoundOffset: plan.upperBound,
    includeAbortedTransactions: isolation === 'committed',
  })
  return { ...emptyResult(plan), abortedTransactions: abortedTransactions ?? null, parts, sizeBytes }
}

function emptyResult(plan: Omit<ReadPlan, 'log' | 'upperBound'>): FetchResult {
  return {
    error: 'NONE',
    highWatermark: plan.highWatermark,
    lastStableOffset: plan.lastStableOffset,
    logStartOffset: plan.logStartOffset,
    divergingEpoch: plan.diverging,
    abortedTransactions: null,
    preferredReadReplica: -1,
    parts: NOTHING,
    sizeBytes: 0,
  }
}

export function errorResult(error: ErrorName): FetchResult {
  return {
    error,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: null,
    abortedTransactions: null,
    preferredReadReplica: -1,
    parts: NOTHING,
    sizeBytes: 0,
  }
}

function countedBytes(partition: Partition, isolation: FetchIsolation): number {
  return isolation === 'log-end' ? partition.bytes.appendedBytes : partition.bytes.committedBytes
}

/** Gives back what a fetch holds when it is not going to be sent. */
export function releaseResults(results: readonly FetchResult[]): void {
  for (const { parts } of results) for (const part of parts) if (isFileRange(part)) part.release()
}
