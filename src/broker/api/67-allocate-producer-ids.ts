import { allocateProducerIds } from '../../protocol/messages/67-allocate-producer-ids.ts'
import type { KafkaController } from '../controller/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** AllocateProducerIds, key 67, v0: a thousand producer ids for one broker to give out (KIP-730). */
export function allocateProducerIdsHandler({ controller }: { controller: KafkaController }): ApiHandler {
  return handler(
    allocateProducerIds,
    { min: 0, max: 0 },
    {
      handle: (request) => controller.allocateProducerIds(request),
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
