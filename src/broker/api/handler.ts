import type { Api, Fields, Infer, Input } from '../../protocol/index.ts'

/** Who sent a request, and over what. */
export interface RequestContext {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** The listener the connection came in on; answers name brokers by their endpoint on this listener. */
  readonly listenerName: string
  /** Unique per connection. */
  readonly connectionId: string
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string
  /** `User:ANONYMOUS` until authentication comes. */
  readonly principal: string
  /** What the client called itself in ApiVersions (KIP-511). */
  readonly clientSoftware: { readonly name: string; readonly version: string } | null
}

/** No response is sent: a produce request with acks=0. */
export const NO_RESPONSE = Symbol('no response')
/** The connection is closed instead of answering: how Kafka tells an acks=0 producer that it failed. */
export const CLOSE_CONNECTION = Symbol('close connection')

export type HandlerResult<Res extends Fields> = Input<Res> | typeof NO_RESPONSE | typeof CLOSE_CONNECTION

/**
 * One API that this broker answers, in the versions it answers. ApiVersions is derived from the handlers, there is no
 * second list. A handler that throws a protocol error it did not map is answered with UNKNOWN_SERVER_ERROR.
 */
export interface ApiHandler<Req extends Fields = Fields, Res extends Fields = Fields> {
  readonly spec: Api<Req, Res>
  readonly minVersion: number
  readonly maxVersion: number
  handle(request: Infer<Req>, context: RequestContext): Promise<HandlerResult<Res>> | HandlerResult<Res>
  /** The answer when `handle` threw: the same message with the error code filled in wherever it belongs. */
  onError(request: Infer<Req>, errorCode: number, context: RequestContext): HandlerResult<Res>
}

export function handler<Req extends Fields, Res extends Fields>(
  spec: Api<Req, Res>,
  versions: { min: number; max: number },
  functions: Pick<ApiHandler<Req, Res>, 'handle' | 'onError'>,
): ApiHandler {
  const made: ApiHandler<Req, Res> = {
    spec,
    minVersion: versions.min,
    maxVersion: versions.max,
    ...functions,
  }
  // The registry holds handlers of every message type; decoding by `spec` makes the types meet again.
  return made as unknown as ApiHandler
}
