import { createTopics } from '../../protocol/messages/19-create-topics.ts'
import type { TopicAdmin } from '../controller/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/**
 * CreateTopics, key 19, v0-7: answered by the controller, NOT_CONTROLLER(41) by all others.
 *
 * - v1: error messages, and `validateOnly`. v4: -1 partitions and -1 replicas stand for the broker's defaults.
 * - v5: the answer has the number of partitions, the replication factor and the configuration. v7: the topic's id.
 */
export function createTopicsHandler({ topicAdmin }: { topicAdmin: TopicAdmin }): ApiHandler {
  return handler(
    createTopics,
    { min: 0, max: 7 },
    {
      handle: async (request) => ({ topics: await topicAdmin.createTopics(request) }),
      onError: (request, errorCode) => ({ topics: request.topics.map(({ name }) => ({ name, errorCode })) }),
    },
  )
}
