import { ERROR_CODES } from '../../protocol/index.ts'
import { describeGroups } from '../../protocol/messages/15-describe-groups.ts'
import type { GroupAdmin } from '../group/index.ts'
import { GROUP_OPERATIONS } from './authorized-operations.ts'
import { type ApiHandler, handler } from './handler.ts'

/** DescribeGroups, key 15, v0-5. */
export function describeGroupsHandler(admin: GroupAdmin): ApiHandler {
  return handler(
    describeGroups,
    { min: 0, max: 5 },
    {
      async handle({ groups, includeAuthorizedOperations }) {
        const described = await Promise.all(groups.map((groupId) => admin.describe(groupId)))
        return {
          groups: described.map(({ groupId, error, state, protocolType, protocolName, members }) => ({
            groupId,
            errorCode: ERROR_CODES[error],
            groupState: state,
            protocolType,
            protocolData: protocolName,
            members: members.map(({ metadata, assignment, ...member }) => ({
              ...member,
              memberMetadata: metadata,
              memberAssignment: assignment,
            })),
            ...(includeAuthorizedOperations &&
              error === 'NONE' && { authorizedOperations: GROUP_OPERATIONS }),
          })),
        }
      },
      onError: ({ groups }, errorCode) => ({ groups: groups.map((groupId) => ({ groupId, errorCode })) }),
    },
  )
}
