import { ClientError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import type {
  ClusterView,
  GroupMetadata,
  MemberAssignment,
  MemberSubscription,
  PartitionAssignor,
  RebalanceProtocol,
} from '../assignors/assignor.ts'
import { assignorOf } from '../assignors/index.ts'
import type { ResolvedConsumerConfig } from '../config.ts'
import { groupError } from './errors.ts'
import { shareOut } from './leader.ts'
import { listenerError } from './listener-calls.ts'
import { decodeAssignment, encodeSubscription } from './protocol.ts'

/** The assignors of this member, and what goes through them. */
export class Sharing {
  /** The best that all of them can do. */
  readonly protocol: RebalanceProtocol
  private readonly assignors: readonly PartitionAssignor[]
  private readonly rackId: string | null

  constructor(config: ResolvedConsumerConfig) {
    this.assignors = config.partitionAssignors.map(assignorOf)
    this.protocol = commonProtocol(this.assignors)
    this.rackId = config.rack === '' ? null : config.rack
  }

  /** What this member says when it joins, for each assignor. */
  describe(
    topics: ReadonlySet<string>,
    ownedPartitions: readonly TopicPartition[],
    generationId: number,
  ): { name: string; metadata: Buffer }[] {
    const common = { topics: [...topics], ownedPartitions, generationId, rackId: this.rackId }
    return this.assignors.map((assignor) => ({
      name: assignor.name,
      metadata: encodeSubscription({ ...common, userData: assignor.subscriptionUserData?.(topics) ?? null }),
    }))
  }

  /** As the member that leads. */
  shareOut(name: string, view: ClusterView, subscriptions: ReadonlyMap<string, MemberSubscription>) {
    return shareOut(this.named(name), view, subscriptions, this.protocol === 'cooperative')
  }

  read(assignment: Buffer): MemberAssignment {
    if (assignment.length >= 2) return decodeAssignment(assignment)
    throw groupError('the leader of the group gave this member no assignment: its assignor has left it out')
  }

  /** Tells the assignor what this member got. What it throws is given back. */
  notify(name: string | null, share: MemberAssignment, group: GroupMetadata): Error | undefined {
    const assignor = this.named(name)
    try {
      assignor.onAssignment?.(share, group)
      return undefined
    } catch (error) {
      return listenerError(error)
    }
  }

  private named(name: string | null): PartitionAssignor {
    const assignor = this.assignors.find((candidate) => candidate.name === name)
    if (assignor === undefined)
      throw groupError(`the group chose the assignor '${name}', which is not known here`)
    return assignor
  }
}

function commonProtocol(assignors: readonly PartitionAssignor[]): RebalanceProtocol {
  const supports = (protocol: RebalanceProtocol) =>
    assignors.every((assignor) => (assignor.protocols ?? ['eager']).includes(protocol))
  if (supports('cooperative')) return 'cooperative'
  if (supports('eager')) return 'eager'
  throw new ClientError('KCLI_CONFIG', 'the assignors have no rebalance protocol in common', {
    retriable: false,
    hint: 'Leave one of them out.',
  })
}
