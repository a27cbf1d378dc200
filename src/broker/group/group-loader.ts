import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { readGroupMetadataValue, readGroupRecordKey } from '../../protocol/internal/index.ts'
import {
  batchStarts,
  COMMIT_MARKER,
  isControl,
  isCrcValid,
  isTransactional,
  type LogRecord,
  nextOffset,
  producerId,
  readControlRecord,
  readRecords,
} from '../../records/index.ts'
import type { Log } from '../../storage/index.ts'
import { bytesOf } from '../read-parts.ts'
import { Group, type StoredGroup } from './group.ts'
import type { CommittedOffset, PartitionOffset } from './group-offsets.ts'
import { offsetKey } from './group-offsets.ts'
import { readOffsetValue } from './group-records.ts'
import { Member } from './member.ts'

/** What is read and taken in at a time, at most: a few milliseconds of the loop. */
const MAX_PIECE_BYTES = 256 * 1024

export interface LoadOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** offsets.load.buffer.size */
  readonly bufferBytes: number
  /** Asked between pieces: false ends it. */
  readonly isWanted: () => boolean
}

/**
 * The groups of one partition of `__consumer_offsets`, from its log (GroupMetadataManager.doLoadGroupsAndOffsets). What
 * cannot be read is passed over and named in the log of the broker: the other groups are served. Null when it was ended.
 */
export async function loadGroups(log: Log, options: LoadOptions): Promise<Group[] | null> {
  const { clock, logger, bufferBytes, isWanted } = options
  const replay = new Replay(`${log.topic}-${log.partition}`, logger)
  const maxBytes = Math.min(bufferBytes, MAX_PIECE_BYTES)
  const endOffset = log.logEndOffset
  // Most partitions are empty, and then no file is looked at.
  let offset = endOffset === 0 ? 0 : log.logStartOffset
  while (offset < endOffset) {
    const read = await log.read(offset, { maxBytes, upperBoundOffset: endOffset, minOneMessage: true })
    const bytes = await bytesOf(read.parts)
    if (!isWanted()) return null
    const next = replay.take(bytes, offset)
    if (next === offset) break
    offset = next
    await new Promise<void>((resolve) => clock.defer(resolve))
  }
  return isWanted() ? replay.groups(clock) : null
}

/** The state that the records so far amount to. */
class Replay {
  private readonly name: string
  private readonly logger: Logger
  private readonly stored = new Map<string, StoredGroup>()
  private readonly committed = new Map<string, Map<string, PartitionOffset>>()
  /** Of transactions whose end is not in the log: by producer id, then by group. */
  private readonly open = new Map<number, Map<string, Map<string, PartitionOffset>>>()

  constructor(name: string, logger: Logger) {
    this.name = name
    this.logger = logger
  }

  /** Returns where to go on: behind the last batch that is whole. */
  take(bytes: Buffer, from: number): number {
    let next = from
    for (const at of batchStarts(bytes)) {
      next = nextOffset(bytes, at)
      // The first batch may begin before what was asked for.
      if (next <= from) continue
      try {
        if (!isCrcValid(bytes, at)) throw new Error('its checksum is wrong')
        this.batch(bytes, at)
      } catch (error) {
        this.logger.error(`the batch before offset ${next} of ${this.name} is left out: ${messageOf(error)}`)
      }
    }
    return next
  }

  private batch(bytes: Buffer, at: number): void {
    const producer = isTransactional(bytes, at) ? producerId(bytes, at) : null
    if (isControl(bytes, at)) {
      for (const record of readRecords(bytes, at)) {
        if (producer !== null) this.endTransaction(producer, readControlRecord(record).type === COMMIT_MARKER)
      }
      return
    }
    let baseOffset = -1
    for (const record of readRecords(bytes, at)) {
      // Of the first record, not of the batch: compaction may have taken those before it.
      if (baseOffset === -1) baseOffset = record.offset
      try {
        this.record(record, baseOffset, producer)
      } catch (error) {
        this.logger.error(`offset ${record.offset} of ${this.name} cannot be read: ${messageOf(error)}`)
      }
    }
  }

  private record(
    { key: keyBytes, value, offset }: LogRecord,
    baseOffset: number,
    producer: number | null,
  ): void {
    if (keyBytes === null) throw new Error('it has no key')
    const key = readGroupRecordKey(keyBytes)
    switch (key.kind) {
      case 'offset': {
        const { groupId, topic, partition } = key
        const offsets = innerMap(producer === null ? this.committed : this.openOf(producer), groupId)
        const name = offsetKey(key)
        if (value === null) offsets.delete(name)
        else offsets.set(name, { topic, partition, committed: readOffsetValue(value, baseOffset) })
        break
      }
      case 'group':
        if (value === null) this.stored.delete(key.groupId)
        else this.stored.set(key.groupId, storedGroup(value))
        break
      default:
        this.logger.warn(
          `offset ${offset} of ${this.name} is of a later type (${key.version}) and is left out`,
        )
    }
  }

  private openOf(producer: number): Map<string, Map<string, PartitionOffset>> {
    return innerMap(this.open, producer)
  }

  private endTransaction(producer: number, isCommit: boolean): void {
    const transaction = this.open.get(producer)
    this.open.delete(producer)
    if (transaction === undefined || !isCommit) return
    for (const [groupId, offsets] of transaction) {
      const committed = innerMap(this.committed, groupId)
      for (const [name, each] of offsets) {
        // A commit outside the transaction may have come later.
        if (isLater(each.committed, committed.get(name)?.committed)) committed.set(name, each)
      }
    }
  }

  groups(clock: Clock): Group[] {
    const pending = new Map<string, [number, PartitionOffset[]][]>()
    for (const [producer, byGroup] of this.open) {
      for (const [groupId, offsets] of byGroup) {
        if (offsets.size === 0) continue
        const list = pending.get(groupId) ?? []
        list.push([producer, [...offsets.values()]])
        pending.set(groupId, list)
      }
    }
    const ids = new Set([...this.stored.keys(), ...this.committed.keys(), ...pending.keys()])
    const groups: Group[] = []
    for (const groupId of ids) {
      const stored = this.stored.get(groupId)
      const offsets = this.committed.get(groupId)
      const transactional = pending.get(groupId) ?? []
      if (stored === undefined && (offsets?.size ?? 0) === 0 && transactional.length === 0) continue
      try {
        const group = stored === undefined ? new Group(groupId, clock) : Group.load(groupId, clock, stored)
        group.offsets.load(offsets?.values() ?? [], transactional)
        groups.push(group)
      } catch (error) {
        this.logger.error(`group ${groupId} of ${this.name} makes no sense: ${messageOf(error)}`)
      }
    }
    return groups
  }
}

function isLater(committed: CommittedOffset, than: CommittedOffset | undefined): boolean {
  return than === undefined || than.baseOffset < committed.baseOffset
}

function innerMap<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = maps.get(key)
  if (inner === undefined) {
    inner = new Map()
    maps.set(key, inner)
  }
  return inner
}

function storedGroup(bytes: Buffer): StoredGroup {
  const value = readGroupMetadataValue(bytes)
  const members = value.members.map((member) => {
    const loaded = new Member({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      protocolType: value.protocolType,
      // A copy: the record is a small part of a large buffer.
      protocols: [{ name: value.protocol ?? '', metadata: Buffer.from(member.subscription) }],
    })
    loaded.assignment = Buffer.from(member.assignment)
    return loaded
  })
  return {
    generationId: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    stateSinceMs: value.currentStateTimestamp === -1 ? null : value.currentStateTimestamp,
    members,
  }
}
