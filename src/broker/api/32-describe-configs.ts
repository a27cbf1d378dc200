import { ERROR_CODES } from '../../protocol/index.ts'
import { describeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import { ApiError, toApiError } from '../api-error.ts'
import { resourceTypeName } from '../config-resource.ts'
import type { ConfigDescriber } from '../describe-configs.ts'
import { errorPerResource } from './config-responses.ts'
import { type ApiHandler, handler } from './handler.ts'

/**
 * DescribeConfigs, key 32, v0-4: the configuration of topics and of this broker, with where each value comes from.
 *
 * - v1: sources and synonyms. v3: types and, when asked for, documentation (which this broker has none of).
 * - Values of secrets, and of names whose type is not known, are null.
 * - A resource type that is not known fails the whole request, as it does in Kafka.
 */
export function describeConfigsHandler({
  describer,
}: {
  describer: Pick<ConfigDescriber, 'describe'>
}): ApiHandler {
  return handler(
    describeConfigs,
    { min: 0, max: 4 },
    {
      async handle(request) {
        const unknown = request.resources.find(
          ({ resourceType }) => resourceTypeName(resourceType) === 'UNKNOWN',
        )
        if (unknown !== undefined) {
          const reason = `Unexpected resource type ${unknown.resourceType} for resource ${unknown.resourceName}`
          throw new ApiError('INVALID_REQUEST', reason)
        }
        const { includeSynonyms } = request
        const results = request.resources.map(async ({ resourceType, resourceName, configurationKeys }) => {
          try {
            const options = { names: configurationKeys, includeSynonyms }
            const configs = await describer.describe(resourceType, resourceName, options)
            return { errorCode: ERROR_CODES.NONE, errorMessage: '', resourceType, resourceName, configs }
          } catch (error) {
            const { errorCode, wireMessage } = toApiError(error)
            return { errorCode, errorMessage: wireMessage ?? '', resourceType, resourceName, configs: [] }
          }
        })
        return { results: await Promise.all(results) }
      },
      onError: (request, errorCode) => ({ results: errorPerResource(request.resources, errorCode) }),
    },
  )
}
