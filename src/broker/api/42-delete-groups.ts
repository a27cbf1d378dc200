import { ERROR_CODES } from '../../protocol/index.ts'
import { deleteGroups } from '../../protocol/messages/42-delete-groups.ts'
import type { GroupAdmin } from '../group/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** DeleteGroups, key 42, v0-2. */
export function deleteGroupsHandler(admin: GroupAdmin): ApiHandler {
  return handler(
    deleteGroups,
    { min: 0, max: 2 },
    {
      async handle({ groupsNames }) {
        const outcomes = await admin.delete(groupsNames)
        return { results: outcomes.map(({ groupId, error }) => ({ groupId, errorCode: ERROR_CODES[error] })) }
      },
      onError: ({ groupsNames }, errorCode) => ({
        results: groupsNames.map((groupId) => ({ groupId, errorCode })),
      }),
    },
  )
}
