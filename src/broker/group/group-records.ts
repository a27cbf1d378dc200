import { encodeVersioned } from '../../protocol/index.ts'
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  readOffsetCommitValue,
} from '../../protocol/internal/index.ts'
import type { Group } from './group.ts'
import type { CommittedOffset } from './group-offsets.ts'

// The versions that Kafka 3.9.1 writes (GroupMetadataManager).
const OFFSET_KEY_VERSION = 1
const GROUP_KEY_VERSION = 2
const OFFSET_VALUE_VERSION = 3
/** The last one that can say when the offset expires. */
const EXPIRING_OFFSET_VALUE_VERSION = 1
const GROUP_VALUE_VERSION = 3

/** One record of `__consumer_offsets`; a null value is a tombstone. */
export interface GroupRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

export function offsetRecord(
  groupId: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): GroupRecord {
  const key = encodeVersioned(offsetCommitKey, OFFSET_KEY_VERSION, { group: groupId, topic, partition })
  if (committed === null) return { key, value: null }
  const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs } = committed
  const value = encodeVersioned(
    offsetCommitValue,
    expireTimestampMs === null ? OFFSET_VALUE_VERSION : EXPIRING_OFFSET_VALUE_VERSION,
    {
      offset,
      leaderEpoch,
      metadata,
      commitTimestamp: commitTimestampMs,
      expireTimestamp: expireTimestampMs ?? -1,
    },
  )
  return { key, value }
}

/** The group as it is, with these assignments by member id. */
export function groupRecord(group: Group, assignments: ReadonlyMap<string, Buffer>): GroupRecord {
  const value = encodeVersioned(groupMetadataValue, GROUP_VALUE_VERSION, {
    protocolType: group.protocolType ?? '',
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateSinceMs ?? -1,
    members: group.memberList().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadataOf(group.protocolName),
      assignment: assignments.get(member.memberId) ?? Buffer.alloc(0),
    })),
  })
  return { key: groupKey(group.groupId), value }
}

export function groupTombstone(groupId: string): GroupRecord {
  return { key: groupKey(groupId), value: null }
}

function groupKey(groupId: string): Buffer {
  return encodeVersioned(groupMetadataKey, GROUP_KEY_VERSION, { group: groupId })
}

/** Throws CodecError. */
export function readOffsetValue(bytes: Buffer, baseOffset: number): CommittedOffset {
  const value = readOffsetCommitValue(bytes)
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp === -1 ? null : value.expireTimestamp,
    baseOffset,
  }
}
