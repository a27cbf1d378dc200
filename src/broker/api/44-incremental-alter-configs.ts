import { incrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { ConfigAlterer } from '../alter-configs.ts'
import { errorPerResource, perResource } from './config-responses.ts'
import { type ApiHandler, handler } from './handler.ts'

/** IncrementalAlterConfigs, key 44, v0-1: sets, deletes, appends to and subtracts from single configurations (KIP-339). */
export function incrementalAlterConfigsHandler({ alterer }: { alterer: ConfigAlterer }): ApiHandler {
  return handler(
    incrementalAlterConfigs,
    { min: 0, max: 1 },
    {
      async handle(request) {
        const resources = request.resources.map(({ resourceType, resourceName, configs }) => ({
          type: resourceType,
          name: resourceName,
          mode: 'incremental' as const,
          changes: configs.map(({ name, value, configOperation }) => ({
            name,
            value,
            operation: configOperation,
          })),
        }))
        const results = await alterer.alter(resources, request.validateOnly)
        return { responses: perResource(request.resources, results) }
      },
      onError: (request, errorCode) => ({ responses: errorPerResource(request.resources, errorCode) }),
    },
  )
}
