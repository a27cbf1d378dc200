import { ERROR_CODES } from '../../protocol/index.ts'
import { leaveGroup } from '../../protocol/messages/13-leave-group.ts'
import type { Membership } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** From this version on several members leave at once. */
const BATCH_VERSION = 3

/** LeaveGroup, key 13, v0-5. Before v3 there is one member, and its error is the answer's. */
export function leaveGroupHandler(membership: Membership): ApiHandler {
  return handler(
    leaveGroup,
    { min: 0, max: 5 },
    {
      async handle({ groupId, memberId, members }, { apiVersion }) {
        const isBatch = apiVersion >= BATCH_VERSION
        const leaving = isBatch ? members : [{ memberId, groupInstanceId: null, reason: null }]
        const result = await membership.leave(groupId, leaving)
        const errorCode = ERROR_CODES[result.error]
        if (!isBatch) {
          const first = result.members[0]?.error ?? 'NONE'
          return { errorCode: errorCode === ERROR_CODES.NONE ? ERROR_CODES[first] : errorCode }
        }
        return {
          errorCode,
          members: result.members.map((member) => ({
            memberId: member.memberId,
            groupInstanceId: member.groupInstanceId,
            errorCode: ERROR_CODES[member.error],
          })),
        }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
