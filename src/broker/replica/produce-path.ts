import type { Logger } from '../../base/logger.ts'
import type { ErrorName } from '../../protocol/index.ts'
import {
  type AppendInfo,
  InvalidRecordError,
  InvalidTimestampError,
  type RecordError,
} from '../../storage/index.ts'
import { ApiError, toApiError } from '../api-error.ts'
import { type PendingOutcome, settled } from './delayed-outcomes.ts'
import type { Partition } from './partition.ts'
import type { Purgatory } from './purgatory.ts'
import type { ReplicaTable } from './replica-table.ts'
import type { AppendEntry, AppendRequest, AppendResult } from './types.ts'

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

export function isInternalTopic(topic: string): boolean {
  return INTERNAL_TOPICS.has(topic)
}

interface Outcome extends PendingOutcome {
  readonly entry: AppendEntry
  readonly info: AppendInfo | null
  readonly logStartOffset: number
  readonly errorMessage: string | null
  readonly recordErrors: readonly RecordError[]
}

/** Appends to the partitions that this broker leads, and waits for their followers when asked to (ReplicaManager.appendRecords). */
export class ProducePath {
  private readonly table: ReplicaTable
  private readonly purgatory: Purgatory
  private readonly logger: Logger

  constructor(table: ReplicaTable, purgatory: Purgatory, logger: Logger) {
    this.table = table
    this.purgatory = purgatory
    this.logger = logger
  }

  async append(request: AppendRequest): Promise<AppendResult[]> {
    const { requiredAcks, entries } = request
    if (requiredAcks !== -1 && requiredAcks !== 0 && requiredAcks !== 1) {
      return entries.map((entry) => resultOf(failure(entry, 'INVALID_REQUIRED_ACKS', null, -1)))
    }
    // No await before the records are handed to their logs: requests of one connection keep their order.
    const outcomes = await Promise.all(entries.map((entry) => this.appendOne(entry, request)))
    if (requiredAcks === -1) {
      const state = (_: Outcome, partition: Partition, offset: number) => partition.reached(offset)
      await settled(this.purgatory, outcomes, request.timeoutMs, state)
    }
    return outcomes.map(resultOf)
  }

  private async appendOne(entry: AppendEntry, request: AppendRequest): Promise<Outcome> {
    let partition: Partition | undefined
    try {
      if (isInternalTopic(entry.topic) && request.internalTopicsAllowed !== true) {
        return failure(entry, 'INVALID_TOPIC_EXCEPTION', null, -1)
      }
      partition = this.table.orThrow(entry.topic, entry.partition)
      if (entry.records === null) throw new ApiError('INVALID_RECORD', 'there are no records')
      const info = await partition.appendAsLeader(entry.records, {
        requiredAcks: request.requiredAcks,
        origin: request.origin,
        magicUpConvert: request.magicUpConvert ?? false,
      })
      return {
        error: 'NONE',
        entry,
        waitsFor: { partition, offset: info.lastOffset + 1 },
        info,
        logStartOffset: info.logStartOffset,
        errorMessage: null,
        recordErrors: [],
      }
    } catch (error) {
      const { errorName } = toApiError(error)
      if (errorName === 'UNKNOWN_SERVER_ERROR') {
        this.logger.error(`appending to ${entry.topic}-${entry.partition} failed`, error)
      }
      return failure(entry, errorName, error, partition?.leaderLog?.logStartOffset ?? -1)
    }
  }
}

const WITHOUT_LOG_START: ReadonlySet<ErrorName> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'CORRUPT_MESSAGE',
  'KAFKA_STORAGE_ERROR',
])

/** Only refused single records come with a text and a list; other errors have a code alone, as from Kafka. */
function failure(entry: AppendEntry, error: ErrorName, cause: unknown, logStartOffset: number): Outcome {
  const refused = cause instanceof InvalidRecordError || cause instanceof InvalidTimestampError ? cause : null
  return {
    error,
    entry,
    waitsFor: null,
    info: null,
    logStartOffset: WITHOUT_LOG_START.has(error) ? -1 : logStartOffset,
    errorMessage: refused !== null && refused.recordErrors.length > 0 ? refused.message : null,
    recordErrors: refused?.recordErrors ?? [],
  }
}

function resultOf({ entry, error, info, logStartOffset, errorMessage, recordErrors }: Outcome): AppendResult {
  return {
    topic: entry.topic,
    partition: entry.partition,
    error,
    errorMessage,
    baseOffset: info?.firstOffset ?? -1,
    lastOffset: info?.lastOffset ?? -1,
    logAppendTimeMs: info?.logAppendTimeMs ?? -1,
    logStartOffset,
    recordErrors,
  }
}
