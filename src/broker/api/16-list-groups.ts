import { ERROR_CODES } from '../../protocol/index.ts'
import { listGroups } from '../../protocol/messages/16-list-groups.ts'
import type { GroupAdmin } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** ListGroups, key 16, v0-5: the groups that this broker coordinates. */
export function listGroupsHandler(admin: GroupAdmin): ApiHandler {
  return handler(
    listGroups,
    { min: 0, max: 5 },
    {
      async handle({ statesFilter, typesFilter }) {
        const { error, groups } = await admin.list(statesFilter, typesFilter)
        return {
          errorCode: ERROR_CODES[error],
          groups: groups.map(({ groupId, protocolType, state, type }) => ({
            groupId,
            protocolType,
            groupState: state,
            groupType: type,
          })),
        }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
