import type { Fields, MessageType } from '../../protocol/index.ts'
import * as internal from '../../protocol/internal/index.ts'
import { type MessageData, MessageDataError, readMessageData, versionOf } from './message-data.ts'

/** A record of `__consumer_offsets`, its key's version being its type (CoordinatorRecordSerde). */
export interface GroupRecord {
  /** 0 and 1 offset commit, 2 classic group, 3 to 8 groups of the new protocol (KIP-848). */
  readonly type: number
  readonly key: MessageData
  /** Null for a tombstone. */
  readonly value: { readonly version: number; readonly data: MessageData } | null
}

/** The key's version is none that Kafka 3.9 writes. */
export class UnknownRecordTypeError extends Error {
  readonly type: number

  constructor(type: number) {
    super(`unknown record type ${type}`)
    this.type = type
  }
}

/** The record cannot be read; the message is Kafka's. */
export class GroupRecordError extends Error {}

type Schema = MessageType<Fields>

const TYPES: readonly (readonly [Schema, Schema])[] = [
  [internal.offsetCommitKey, internal.offsetCommitValue],
  [internal.offsetCommitKey, internal.offsetCommitValue],
  [internal.groupMetadataKey, internal.groupMetadataValue],
  [internal.consumerGroupMetadataKey, internal.consumerGroupMetadataValue],
  [internal.consumerGroupPartitionMetadataKey, internal.consumerGroupPartitionMetadataValue],
  [internal.consumerGroupMemberMetadataKey, internal.consumerGroupMemberMetadataValue],
  [internal.consumerGroupTargetAssignmentMetadataKey, internal.consumerGroupTargetAssignmentMetadataValue],
  [internal.consumerGroupTargetAssignmentMemberKey, internal.consumerGroupTargetAssignmentMemberValue],
  [internal.consumerGroupCurrentMemberAssignmentKey, internal.consumerGroupCurrentMemberAssignmentValue],
]

const GROUP_METADATA = 2

export function decodeGroupRecord(key: Buffer, value: Buffer | null): GroupRecord {
  const type = requireVersion(key, 'key')
  const schemas = TYPES[type]
  if (schemas === undefined) throw new UnknownRecordTypeError(type)
  const keyData = read(schemas[0], key, type, 'key')
  if (value === null) return { type, key: keyData, value: null }
  const version = requireVersion(value, 'value')
  const data = read(schemas[1], value, version, 'value')
  if (type === GROUP_METADATA) openMembers(data)
  return { type, key: keyData, value: { version, data } }
}

function requireVersion(bytes: Buffer, what: string): number {
  const version = versionOf(bytes)
  if (version === undefined) throw new GroupRecordError(`Could not read version from ${what}'s buffer.`)
  return version
}

function read(schema: Schema, bytes: Buffer, version: number, what: string): MessageData {
  try {
    return readMessageData(schema, bytes, 2, version)
  } catch (error) {
    if (!(error instanceof MessageDataError)) throw error
    throw new GroupRecordError(
      `Could not read record with version ${version} from ${what}'s buffer due to: ${error.javaText}.`,
    )
  }
}

/** Subscription and assignment of consumers are messages of their own; other protocols keep their bytes. */
function openMembers(group: MessageData): void {
  if (group.protocolType !== 'consumer' || !Array.isArray(group.members)) return
  for (const member of group.members as MessageData[]) {
    replace(member, 'subscription', internal.consumerProtocolSubscription)
    replace(member, 'assignment', internal.consumerProtocolAssignment)
  }
}

function replace(member: MessageData, field: string, schema: Schema): void {
  const bytes = Buffer.from(String(member[field]), 'base64')
  const version = versionOf(bytes)
  if (version === undefined) return
  try {
    member[field] = readMessageData(schema, bytes, 2, version)
  } catch (error) {
    if (!(error instanceof MessageDataError)) throw error
  }
}
