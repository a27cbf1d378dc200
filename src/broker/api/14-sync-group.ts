import { ERROR_CODES } from '../../protocol/index.ts'
import { syncGroup } from '../../protocol/messages/14-sync-group.ts'
import type { Membership } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** From this version on a member must say which protocol it takes the group to have. */
const PROTOCOL_VERSION = 5

/** SyncGroup, key 14, v0-5. Answered when the leader has sent the assignments and they are stored. */
export function syncGroupHandler(membership: Membership): ApiHandler {
  return handler(
    syncGroup,
    { min: 0, max: 5 },
    {
      async handle({ assignments, ...request }, { apiVersion }) {
        const { protocolType, protocolName } = request
        if (apiVersion >= PROTOCOL_VERSION && (protocolType === null || protocolName === null)) {
          return { errorCode: ERROR_CODES.INCONSISTENT_GROUP_PROTOCOL }
        }
        const { error, ...result } = await membership.sync({
          ...request,
          // Copies: what is kept as long as the member must not hold on to the frame.
          assignments: new Map(
            assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]),
          ),
        })
        return { ...result, errorCode: ERROR_CODES[error] }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
