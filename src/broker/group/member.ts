import type { ErrorName } from '../../protocol/index.ts'
import type { Deadline } from './deadline.ts'

/** A way of sharing out the work that a member knows, and what it says for it: to consumers, an assignor. */
export interface Protocol {
  readonly name: string
  /** Opaque to the coordinator. */
  readonly metadata: Buffer
}

export interface MemberOfAnswer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

/** The answer to JoinGroup. */
export interface JoinResult {
  readonly error: ErrorName
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Member id; empty when there is none. */
  readonly leaderId: string
  /** The leader is not to compute an assignment: the one there is holds (KIP-814). */
  readonly skipAssignment: boolean
  /** Only for the leader. */
  readonly members: readonly MemberOfAnswer[]
}

/** The answer to SyncGroup. */
export interface SyncResult {
  readonly error: ErrorName
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export const NO_BYTES: Buffer = Buffer.alloc(0)

export function joinError(memberId: string, error: ErrorName): JoinResult {
  return {
    error,
    memberId,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leaderId: '',
    skipAssignment: false,
    members: [],
  }
}

export function syncError(error: ErrorName): SyncResult {
  return { error, protocolType: null, protocolName: null, assignment: NO_BYTES }
}

export interface MemberOptions {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
}

/** One member of a group (kafka.coordinator.group.MemberMetadata). */
export class Member {
  memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  readonly protocolType: string
  /** In the order of the member's preference. */
  protocols: readonly Protocol[]
  assignment: Buffer = NO_BYTES
  /** Answers its JoinGroup, as long as that waits. */
  joinCallback: ((result: JoinResult) => void) | null = null
  /** Answers its SyncGroup, as long as that waits. */
  syncCallback: ((result: SyncResult) => void) | null = null
  /** Has not been in a generation yet: it may have gone without a word while its JoinGroup waits. */
  isNew = false
  /** When it counts as gone. */
  session: Deadline | undefined

  constructor(options: MemberOptions) {
    this.memberId = options.memberId
    this.groupInstanceId = options.groupInstanceId
    this.clientId = options.clientId
    this.clientHost = options.clientHost
    this.rebalanceTimeoutMs = options.rebalanceTimeoutMs
    this.sessionTimeoutMs = options.sessionTimeoutMs
    this.protocolType = options.protocolType
    this.protocols = options.protocols
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null
  }

  get isAwaitingJoin(): boolean {
    return this.joinCallback !== null
  }

  get isAwaitingSync(): boolean {
    return this.syncCallback !== null
  }

  /** Whoever waits for the others cannot send heartbeats. */
  get isExcusedFromHeartbeat(): boolean {
    return !this.isNew && (this.isAwaitingJoin || this.isAwaitingSync)
  }

  /** What it says for a protocol; empty when it does not know it. */
  metadataOf(protocolName: string | null): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES
  }

  matches(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, at) => {
        const own = this.protocols[at]
        return own?.name === name && own.metadata.equals(metadata)
      })
    )
  }

  /** The first of its protocols among the candidates; undefined when there is none. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.protocols.find(({ name }) => candidates.has(name))?.name
  }
}
