import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { Part } from '../../base/network.ts'
import {
  CodecError,
  decodeRequestHeader,
  ERROR_CODES,
  encodeResponse,
  type Fields,
  type Infer,
  peekRequest,
  Reader,
} from '../../protocol/index.ts'
import { toApiError } from '../api-error.ts'
import type { ConnectionInfo, Processed, RequestProcessor } from '../network/request-processor.ts'
import { type ApiVersionRange, apiVersionsHandler, unsupportedApiVersions } from './18-api-versions.ts'
import {
  type ApiHandler,
  CLOSE_CONNECTION,
  type HandlerResult,
  NO_RESPONSE,
  type RequestContext,
} from './handler.ts'

const API_VERSIONS = 18

/** A request for what this broker does not serve. The connection is closed (InvalidRequestException in SocketServer). */
export class UnservedRequestError extends CodecError {
  constructor(apiKey: number, apiVersion: number) {
    super(`received request api key ${apiKey} with version ${apiVersion} which is not enabled`)
  }
}

/** Finds the handler of a request, and turns whatever it does into a response (kafka.server.KafkaApis.handle). */
export class ApiRegistry implements RequestProcessor {
  readonly ranges: readonly ApiVersionRange[]
  private readonly handlers: (ApiHandler | undefined)[] = []
  private readonly logger: Logger

  /** ApiVersions is added here: it is derived from the others. */
  constructor(handlers: readonly ApiHandler[], logger: Logger) {
    this.logger = logger
    const ranges: ApiVersionRange[] = []
    for (const handler of [...handlers, apiVersionsHandler(() => this.ranges)]) {
      const { spec, minVersion, maxVersion } = handler
      if (this.handlers[spec.key] !== undefined) throw new Error(`two handlers for ${spec.name}`)
      this.handlers[spec.key] = handler
      ranges.push({ apiKey: spec.key, minVersion, maxVersion })
    }
    this.ranges = ranges.sort((a, b) => a.apiKey - b.apiKey)
  }

  process(frame: Buffer, connection: ConnectionInfo): Processed | Promise<Processed> {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame)
    const handler = this.handlers[apiKey]
    if (handler === undefined) throw new UnservedRequestError(apiKey, apiVersion)
    const isServed = apiVersion >= handler.minVersion && apiVersion <= handler.maxVersion
    if (!isServed && apiKey !== API_VERSIONS) throw new UnservedRequestError(apiKey, apiVersion)
    const reader = new Reader(frame)
    const header = decodeRequestHeader(reader, handler.spec, apiVersion)
    if (!isServed) return unsupportedApiVersions(handler, correlationId)
    const request = handler.spec.request.decode(reader, apiVersion)
    const context: RequestContext = {
      apiVersion,
      correlationId,
      clientId: header.clientId,
      listenerName: connection.listenerName,
      connectionId: connection.connectionId,
      clientHost: connection.clientHost,
      principal: connection.principal,
      clientSoftware: connection.clientSoftware,
    }
    if (apiKey === API_VERSIONS) noteSoftware(connection, request)
    return this.handle(handler, request, context)
  }

  private handle(
    handler: ApiHandler,
    request: Infer<Fields>,
    context: RequestContext,
  ): Processed | Promise<Processed> {
    try {
      const result = handler.handle(request, context)
      if (!(result instanceof Promise)) return this.respond(handler, context, result)
      return result.then(
        (value) => this.respondSafely(handler, request, context, value),
        (error: unknown) => this.fail(handler, request, context, error),
      )
    } catch (error) {
      return this.fail(handler, request, context, error)
    }
  }

  private respondSafely(
    handler: ApiHandler,
    request: Infer<Fields>,
    context: RequestContext,
    result: HandlerResult<Fields>,
  ): Processed {
    try {
      return this.respond(handler, context, result)
    } catch (error) {
      return this.fail(handler, request, context, error)
    }
  }

  private respond(handler: ApiHandler, context: RequestContext, result: HandlerResult<Fields>): Processed {
    if (result === NO_RESPONSE || result === CLOSE_CONNECTION) return result
    return encodeResponse(handler.spec, context.apiVersion, context.correlationId, result)
  }

  /** The answer to a request that failed as a whole. Only what nobody expected is worth a line in the log. */
  private fail(
    handler: ApiHandler,
    request: Infer<Fields>,
    context: RequestContext,
    error: unknown,
  ): Part[] | typeof NO_RESPONSE | typeof CLOSE_CONNECTION {
    const { errorCode } = toApiError(error)
    const what = `${handler.spec.name} v${context.apiVersion} from ${context.clientId ?? ''}@${context.clientHost}`
    if (errorCode === ERROR_CODES.UNKNOWN_SERVER_ERROR) this.logger.error(`cannot answer ${what}`, error)
    else this.logger.debug(`${what} is refused: ${messageOf(error)}`)
    try {
      const result = handler.onError(request, errorCode, context)
      if (result === NO_RESPONSE || result === CLOSE_CONNECTION) return result
      return encodeResponse(handler.spec, context.apiVersion, context.correlationId, result)
    } catch (second) {
      this.logger.error(`cannot answer ${what} with error ${errorCode}`, second)
      return CLOSE_CONNECTION
    }
  }
}

function noteSoftware(connection: ConnectionInfo, request: Infer<Fields>): void {
  const { clientSoftwareName: name, clientSoftwareVersion: version } = request as unknown as {
    clientSoftwareName: string
    clientSoftwareVersion: string
  }
  if (name !== '') connection.clientSoftware = { name, version }
}
