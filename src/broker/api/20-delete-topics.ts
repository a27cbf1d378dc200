import { ZERO_UUID } from '../../base/uuid.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import { type DeleteTopicsRequest, deleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { ApiError } from '../api-error.ts'
import type { KafkaController, TopicAdmin } from '../controller/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface DeleteTopicsDeps {
  readonly controller: KafkaController
  readonly topicAdmin: TopicAdmin
  readonly cache: MetadataCache
  /** delete.topic.enable */
  readonly isDeletionEnabled: () => boolean
}

interface Wanted {
  readonly name: string | null
  readonly topicId: string
}

/**
 * DeleteTopics, key 20, v0-6: answered by the controller, NOT_CONTROLLER(41) by all others.
 *
 * - v3: TOPIC_DELETION_DISABLED where INVALID_REQUEST was before. v5: error messages. v6: topics may be named by their ids.
 */
export function deleteTopicsHandler(deps: DeleteTopicsDeps): ApiHandler {
  const { controller, topicAdmin, cache, isDeletionEnabled } = deps
  return handler(
    deleteTopics,
    { min: 0, max: 6 },
    {
      async handle(request, { apiVersion }) {
        const wanted = wantedTopics(request, apiVersion)
        const all = (errorCode: number) => ({ responses: wanted.map((topic) => ({ ...topic, errorCode })) })
        if (!(await controller.isInOffice())) return all(ERROR_CODES.NOT_CONTROLLER)
        if (!isDeletionEnabled()) {
          const { INVALID_REQUEST, TOPIC_DELETION_DISABLED } = ERROR_CODES
          return all(apiVersion < 3 ? INVALID_REQUEST : TOPIC_DELETION_DISABLED)
        }
        const topics = wanted.map(({ name, topicId }) => {
          if (topicId === ZERO_UUID && name === null) {
            return { name, topicId, errorCode: ERROR_CODES.TOPIC_AUTHORIZATION_FAILED }
          }
          if (topicId === ZERO_UUID) return { name, topicId, errorCode: unknownName(cache, name) }
          if (name !== null) {
            throw new ApiError('INVALID_REQUEST', 'Topic name and topic ID can not both be specified.')
          }
          const known = controller.topicName(topicId) ?? null
          const errorCode = known === null ? ERROR_CODES.UNKNOWN_TOPIC_ID : unknownName(cache, known)
          return { name: known, topicId, errorCode }
        })
        const names = topics.flatMap(({ name, errorCode }) =>
          name === null || errorCode !== ERROR_CODES.NONE ? [] : [name],
        )
        const failures = await topicAdmin.deleteTopics(new Set(names), request.timeoutMs)
        return {
          responses: topics.map(({ name, topicId, errorCode }) => ({
            name,
            topicId,
            errorCode: errorCode || (failures.get(name ?? '') ?? ERROR_CODES.NONE),
          })),
        }
      },
      onError: (request, errorCode, { apiVersion }) => ({
        responses: wantedTopics(request, apiVersion).map((topic) => ({ ...topic, errorCode })),
      }),
    },
  )
}

function wantedTopics(request: DeleteTopicsRequest, version: number): Wanted[] {
  if (version >= 6) return request.topics
  return request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
}

function unknownName(cache: MetadataCache, name: string | null): number {
  const isKnown = name !== null && cache.hasTopic(name)
  return isKnown ? ERROR_CODES.NONE : ERROR_CODES.UNKNOWN_TOPIC_OR_PARTITION
}
