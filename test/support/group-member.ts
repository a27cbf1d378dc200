import type { Connection } from '../../src/client/index.ts'
import { encodeVersioned } from '../../src/protocol/index.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/protocol/internal/index.ts'
import { joinGroup } from '../../src/protocol/messages/11-join-group.ts'
import { syncGroup } from '../../src/protocol/messages/14-sync-group.ts'

export interface LoneMember {
  readonly topic: string
  readonly partitions: readonly number[]
  readonly groupInstanceId?: string
}

/** Joins a group that nobody is in, takes the partitions, and gives the member's id. It sends no heartbeats: it lives for a minute. */
export async function joinAlone(
  connection: Connection,
  groupId: string,
  { topic, partitions, groupInstanceId }: LoneMember,
): Promise<string> {
  const metadata = encodeVersioned(consumerProtocolSubscription, 1, { topics: [topic] })
  const who = { groupId, groupInstanceId: groupInstanceId ?? null, protocolType: 'consumer' }
  const join = (memberId: string) =>
    connection.send(joinGroup, {
      ...who,
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 60_000,
      memberId,
      protocols: [{ name: 'range', metadata }],
    })
  const first = await join('')
  const { memberId, generationId } = first.errorCode === 0 ? first : await join(first.memberId)
  const assignment = encodeVersioned(consumerProtocolAssignment, 1, {
    assignedPartitions: [{ topic, partitions }],
  })
  const { errorCode } = await connection.send(syncGroup, {
    ...who,
    generationId,
    memberId,
    protocolName: 'range',
    assignments: [{ memberId, assignment }],
  })
  if (errorCode !== 0) throw new Error(`the member could not sync: ${errorCode}`)
  return memberId
}
