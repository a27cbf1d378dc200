import { controlledShutdown } from '../../protocol/messages/07-controlled-shutdown.ts'
import type { KafkaController } from '../controller/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** ControlledShutdown, key 7, v0-3: a broker that wants to stop asks for its leaderships to be moved. */
export function controlledShutdownHandler({ controller }: { controller: KafkaController }): ApiHandler {
  return handler(
    controlledShutdown,
    { min: 0, max: 3 },
    {
      handle: (request) => controller.controlledShutdown(request),
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
