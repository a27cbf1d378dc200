import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES, type ErrorName } from '../../protocol/index.ts'
import type { LeaderAndIsrResponseInput } from '../../protocol/messages/04-leader-and-isr.ts'
import type { PartitionState } from './partition.ts'
import type { Assignment, TopicAssignment } from './replica-table.ts'

/** Of LeaderAndIsr: its answer names topics by their ids, not by their names. */
export const FIRST_VERSION_BY_ID = 5

/** The answer to LeaderAndIsr. All went well with those that sleep. */
export function roleResponse(
  errors: ReadonlyMap<Assignment, ErrorName>,
  asleep: readonly TopicAssignment[],
  version: number,
): LeaderAndIsrResponseInput {
  const all = [...errors].map(([{ topic, topicId, state }, error]) => ({
    topicId: topicId ?? ZERO_UUID,
    topicName: topic,
    partitionIndex: state.partitionIndex,
    errorCode: ERROR_CODES[error],
  }))
  if (version < FIRST_VERSION_BY_ID) return { partitionErrors: all }
  const topics = new Map<string, typeof all>()
  for (const each of all) {
    const known = topics.get(each.topicId)
    if (known === undefined) topics.set(each.topicId, [each])
    else known.push(each)
  }
  return {
    topics: [
      ...[...topics].map(([topicId, partitionErrors]) => ({ topicId, partitionErrors })),
      ...asleep.map(({ topicId, partitionStates }) => ({
        topicId,
        partitionErrors: partitionStates.map(noError),
      })),
    ],
  }
}

function noError({ partitionIndex }: PartitionState) {
  return { partitionIndex, errorCode: ERROR_CODES.NONE }
}
