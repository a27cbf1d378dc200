import { javaHash } from '../../base/java-hash.ts'
import { CodecError } from '../codec-error.ts'
import { decodeVersioned } from '../message.ts'
import { Reader } from '../reader.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from './consumer-protocol.ts'
import { groupMetadataKey, groupMetadataValue, offsetCommitKey, offsetCommitValue } from './group-metadata.ts'

// What the records of `__consumer_offsets` say, for brokers, clients and whoever reads the log.

/** Where groups and their offsets are kept (Topic.GROUP_METADATA_TOPIC_NAME). */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** The partition whose leader coordinates the group (GroupMetadataManager.partitionFor). */
export function partitionOfGroup(groupId: string, partitionCount: number): number {
  const hash = javaHash(groupId)
  // The least int32 has no absolute value among the int32s: Kafka's Utils.abs makes it 0.
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount
}

export type GroupRecordKey =
  | { readonly kind: 'offset'; readonly groupId: string; readonly topic: string; readonly partition: number }
  | { readonly kind: 'group'; readonly groupId: string }
  /** Of groups with the protocol of KIP-848, or later. */
  | { readonly kind: 'unknown'; readonly version: number }

/** Throws CodecError when the bytes are not what their version says. */
export function readGroupRecordKey(key: Buffer): GroupRecordKey {
  const version = key.length < 2 ? -1 : key.readInt16BE(0)
  if (version === 0 || version === 1) {
    const { group, topic, partition } = decodeVersioned(offsetCommitKey, key).value
    return { kind: 'offset', groupId: group, topic, partition }
  }
  if (version === 2) return { kind: 'group', groupId: decodeVersioned(groupMetadataKey, key).value.group }
  return { kind: 'unknown', version }
}

/** Throws CodecError. */
export function readOffsetCommitValue(bytes: Buffer) {
  return decodeVersioned(offsetCommitValue, bytes).value
}

/** Throws CodecError. */
export function readGroupMetadataValue(bytes: Buffer) {
  const { version, value } = decodeVersioned(groupMetadataValue, bytes)
  const members = value.members.map((member) => ({
    ...member,
    // The first version had one timeout for both.
    rebalanceTimeout: version === 0 ? member.sessionTimeout : member.rebalanceTimeout,
  }))
  return { ...value, members }
}

/** The topics that a consumer subscribes to; none for no bytes, null when they cannot be read. */
export function subscribedTopics(bytes: Buffer): string[] | null {
  return readFirstVersion(bytes, (reader) => [...consumerProtocolSubscription.decode(reader, 0).topics])
}

/** The partitions that a consumer was given; none for no bytes, null when they cannot be read. */
export function assignedPartitions(bytes: Buffer): { topic: string; partition: number }[] | null {
  return readFirstVersion(bytes, (reader) =>
    consumerProtocolAssignment
      .decode(reader, 0)
      .assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
  )
}

/** Every version of what consumers tell each other begins with version 0, which is all that is looked at. */
function readFirstVersion<T>(bytes: Buffer, read: (reader: Reader) => T[]): T[] | null {
  if (bytes.length === 0) return []
  try {
    const reader = new Reader(bytes)
    return reader.int16() < 0 ? null : read(reader)
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}
