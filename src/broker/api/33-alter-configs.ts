import { alterConfigs } from '../../protocol/messages/33-alter-configs.ts'
import type { ConfigAlterer } from '../alter-configs.ts'
import { errorPerResource, perResource } from './config-responses.ts'
import { type ApiHandler, handler } from './handler.ts'

/** AlterConfigs, key 33, v0-2: replaces the whole configuration of a topic, or the dynamic one of a broker. */
export function alterConfigsHandler({ alterer }: { alterer: ConfigAlterer }): ApiHandler {
  return handler(
    alterConfigs,
    { min: 0, max: 2 },
    {
      async handle(request) {
        const resources = request.resources.map(({ resourceType, resourceName, configs }) => ({
          type: resourceType,
          name: resourceName,
          mode: 'replace' as const,
          changes: configs.map(({ name, value }) => ({ name, value, operation: undefined })),
        }))
        const results = await alterer.alter(resources, request.validateOnly)
        return { responses: perResource(request.resources, results) }
      },
      onError: (request, errorCode) => ({ responses: errorPerResource(request.resources, errorCode) }),
    },
  )
}
