import type { GroupRecordKey } from '../protocol/internal/index.ts'
import {
  assignedPartitions,
  readGroupMetadataValue,
  readGroupRecordKey,
  readOffsetCommitValue,
  subscribedTopics,
} from '../protocol/internal/index.ts'

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** An offset as a group committed it. */
export interface Commit extends PartitionName {
  readonly offset: number
  /** -1 when it was not told. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly timestampMs: number
}

export interface PastMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly host: string
  /** Of consumers; null when their bytes cannot be read, or the group is of another kind. */
  readonly topics: readonly string[] | null
  readonly partitions: readonly PartitionName[] | null
}

/** A group as its last generation was written down. */
export interface PastGeneration {
  readonly protocolType: string
  /** The assignor; '' when nobody was in the group. */
  readonly protocol: string
  readonly generation: number
  readonly members: readonly PastMember[]
}

/** One record of `__consumer_offsets`, read. */
export type GroupEvent = { readonly groupId: string; readonly timestampMs: number } & (
  | { readonly kind: 'commit'; readonly commit: Commit }
  /** The offset is no longer kept. */
  | { readonly kind: 'forget'; readonly at: PartitionName }
  | { readonly kind: 'generation'; readonly generation: PastGeneration }
  /** The group itself is no longer kept. */
  | { readonly kind: 'end' }
)

export interface OffsetsRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestampMs: number
}

/**
 * What a record of `__consumer_offsets` says; undefined for a type of later versions. `isWanted` is asked before a value
 * is read. Throws CodecError when the bytes are damaged.
 */
export function readGroupEvent(
  { key: keyBytes, value, timestampMs }: OffsetsRecord,
  isWanted: (groupId: string) => boolean = () => true,
): GroupEvent | undefined {
  const key: GroupRecordKey =
    keyBytes === null ? { kind: 'unknown', version: -1 } : readGroupRecordKey(keyBytes)
  if (key.kind === 'unknown' || !isWanted(key.groupId)) return undefined
  const { groupId } = key
  if (key.kind === 'offset') {
    const at = { topic: key.topic, partition: key.partition }
    if (value === null) return { kind: 'forget', groupId, timestampMs, at }
    const { offset, leaderEpoch, metadata, commitTimestamp } = readOffsetCommitValue(value)
    const commit = { ...at, offset, leaderEpoch, metadata, timestampMs: commitTimestamp }
    return { kind: 'commit', groupId, timestampMs, commit }
  }
  if (value === null) return { kind: 'end', groupId, timestampMs }
  return { kind: 'generation', groupId, timestampMs, generation: generationOf(value) }
}

function generationOf(bytes: Buffer): PastGeneration {
  const value = readGroupMetadataValue(bytes)
  const isConsumer = value.protocolType === 'consumer'
  return {
    protocolType: value.protocolType,
    protocol: value.protocol ?? '',
    generation: value.generation,
    members: value.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      topics: isConsumer ? subscribedTopics(member.subscription) : null,
      partitions: isConsumer ? assignedPartitions(member.assignment) : null,
    })),
  }
}

/** A group as the log has it. */
export interface PastGroup {
  readonly groupId: string
  /** Null for a group that only ever committed offsets. */
  readonly generation: PastGeneration | null
  readonly offsets: readonly Commit[]
}

/** Groups as they were after the records so far, which have to come in the order of the log. */
export class GroupHistory {
  private readonly generations = new Map<string, PastGeneration>()
  private readonly offsets = new Map<string, Map<string, Commit>>()

  take(event: GroupEvent): void {
    const { groupId } = event
    switch (event.kind) {
      case 'commit': {
        const commits = this.offsets.get(groupId) ?? new Map<string, Commit>()
        this.offsets.set(groupId, commits.set(partitionName(event.commit), event.commit))
        break
      }
      case 'forget': {
        const commits = this.offsets.get(groupId)
        commits?.delete(partitionName(event.at))
        if (commits?.size === 0) this.offsets.delete(groupId)
        break
      }
      case 'generation':
        this.generations.set(groupId, event.generation)
        break
      default:
        this.generations.delete(groupId)
    }
  }

  groups(): PastGroup[] {
    const ids = new Set([...this.generations.keys(), ...this.offsets.keys()])
    return [...ids].sort().map((groupId) => ({
      groupId,
      generation: this.generations.get(groupId) ?? null,
      offsets: [...(this.offsets.get(groupId)?.values() ?? [])].sort(byPartition),
    }))
  }
}

export function partitionName({ topic, partition }: PartitionName): string {
  return `${topic}-${partition}`
}

export function byPartition(a: PartitionName, b: PartitionName): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}
