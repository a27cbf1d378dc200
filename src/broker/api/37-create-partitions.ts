import { createPartitions } from '../../protocol/messages/37-create-partitions.ts'
import type { TopicAdmin } from '../controller/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** CreatePartitions, key 37, v0-3: answered by the controller, NOT_CONTROLLER(41) by all others. */
export function createPartitionsHandler({ topicAdmin }: { topicAdmin: TopicAdmin }): ApiHandler {
  return handler(
    createPartitions,
    { min: 0, max: 3 },
    {
      handle: async (request) => ({ results: await topicAdmin.createPartitions(request) }),
      onError: (request, errorCode) => ({ results: request.topics.map(({ name }) => ({ name, errorCode })) }),
    },
  )
}
