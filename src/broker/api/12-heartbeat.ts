import { ERROR_CODES } from '../../protocol/index.ts'
import { heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import type { Membership } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** Heartbeat, key 12, v0-4: a member is still there, and hears whether it has to join again. */
export function heartbeatHandler(membership: Membership): ApiHandler {
  return handler(
    heartbeat,
    { min: 0, max: 4 },
    {
      handle: async (request) => ({ errorCode: ERROR_CODES[await membership.heartbeat(request)] }),
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
