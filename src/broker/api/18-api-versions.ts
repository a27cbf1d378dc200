import { ERROR_CODES, encodeResponse } from '../../protocol/index.ts'
import { apiVersions } from '../../protocol/messages/18-api-versions.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface ApiVersionRange {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** Client names and versions: letters, digits, dashes and dots, ending in a letter or digit (KIP-511). */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/**
 * ApiVersions, key 18, v0-4: which APIs are served, in which versions.
 *
 * - v3 brings the client's name and version; ones that are not well formed are INVALID_REQUEST.
 * - v3 also answers features: a ZooKeeper-mode broker has none, and says so with epoch -1 as long as nobody finalized any.
 * - A version that is not known is answered in v0, with UNSUPPORTED_VERSION and the versions of this API (KIP-511).
 */
export function apiVersionsHandler(ranges: () => readonly ApiVersionRange[]): ApiHandler {
  return handler(
    apiVersions,
    { min: 0, max: 4 },
    {
      handle(request, { apiVersion }) {
        if (
          apiVersion >= 3 &&
          !(SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion))
        ) {
          return { errorCode: ERROR_CODES.INVALID_REQUEST }
        }
        return { apiKeys: ranges(), finalizedFeaturesEpoch: 0 }
      },
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}

/** The answer to a version that this broker does not know: always version 0, which every client can read. */
export function unsupportedApiVersions({ minVersion, maxVersion }: ApiHandler, correlationId: number) {
  return encodeResponse(apiVersions, 0, correlationId, {
    errorCode: ERROR_CODES.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: apiVersions.key, minVersion, maxVersion }],
  })
}
