import { ERROR_CODES } from '../../protocol/index.ts'
import { joinGroup } from '../../protocol/messages/11-join-group.ts'
import type { Membership } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** From this version on members without an instance id ask twice (KIP-394). */
const KNOWN_MEMBER_ID_VERSION = 4
/** From this version on the protocol may be null. */
const NULLABLE_PROTOCOL_VERSION = 7
/** From this version on a leader can be told to leave the assignment as it is (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9

/** JoinGroup, key 11, v0-9. Answered when the group's next generation begins. */
export function joinGroupHandler(membership: Membership): ApiHandler {
  return handler(
    joinGroup,
    { min: 0, max: 9 },
    {
      async handle(request, { apiVersion, clientId, clientHost }) {
        const { error, protocolName, leaderId, ...result } = await membership.join({
          groupId: request.groupId,
          memberId: request.memberId,
          groupInstanceId: request.groupInstanceId,
          clientId: clientId ?? '',
          clientHost,
          sessionTimeoutMs: request.sessionTimeoutMs,
          // Version 0 has one timeout for both.
          rebalanceTimeoutMs: apiVersion === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
          protocolType: request.protocolType,
          // Copies: what is kept as long as the member must not hold on to the frame.
          protocols: request.protocols.map(({ name, metadata }) => ({
            name,
            metadata: Buffer.from(metadata),
          })),
          reason: request.reason,
          requireKnownMemberId: apiVersion >= KNOWN_MEMBER_ID_VERSION && request.groupInstanceId === null,
          supportsSkippingAssignment: apiVersion >= SKIP_ASSIGNMENT_VERSION,
        })
        return {
          ...result,
          errorCode: ERROR_CODES[error],
          leader: leaderId,
          protocolName: apiVersion < NULLABLE_PROTOCOL_VERSION ? (protocolName ?? '') : protocolName,
        }
      },
      onError: (request, errorCode, { apiVersion }) => ({
        errorCode,
        memberId: request.memberId,
        protocolName: apiVersion < NULLABLE_PROTOCOL_VERSION ? '' : null,
      }),
    },
  )
}
