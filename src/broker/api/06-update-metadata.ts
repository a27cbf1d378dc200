import { ERROR_CODES } from '../../protocol/index.ts'
import { updateMetadata } from '../../protocol/messages/06-update-metadata.ts'
import type { MetadataCache, MetadataChange } from '../metadata/index.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface UpdateMetadataDeps {
  readonly cache: MetadataCache
  /** The epoch of this broker's registration. */
  readonly brokerEpoch: () => number
  /** After the cache has taken the update in. */
  readonly onUpdate?: (change: MetadataChange) => void
}

const NO_BROKER_EPOCH = -1

/**
 * UpdateMetadata, key 6, v0-8: the controller says which brokers are up and who leads what. Ignored are requests for an
 * earlier registration of this broker and those of a controller that has been replaced.
 */
export function updateMetadataHandler({ cache, brokerEpoch, onUpdate }: UpdateMetadataDeps): ApiHandler {
  let controllerEpoch = 0
  return handler(
    updateMetadata,
    { min: 0, max: 8 },
    {
      handle(request) {
        if (request.brokerEpoch !== NO_BROKER_EPOCH && request.brokerEpoch < brokerEpoch()) {
          return { errorCode: ERROR_CODES.STALE_BROKER_EPOCH }
        }
        if (request.controllerEpoch < controllerEpoch) {
          return { errorCode: ERROR_CODES.STALE_CONTROLLER_EPOCH }
        }
        controllerEpoch = request.controllerEpoch
        const change = cache.updateMetadata(request)
        onUpdate?.(change)
        return { errorCode: ERROR_CODES.NONE }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}
