import { type MessageSpec, MessageType } from './message.ts'
import type { Fields } from './schema.ts'

/** Who answers an API in Kafka 3.9: a broker in ZooKeeper mode, a KRaft broker, a KRaft controller. */
export type ListenerKind = 'zkBroker' | 'broker' | 'controller'

export interface Api<Req extends Fields = Fields, Res extends Fields = Fields> {
  readonly key: number
  readonly name: string
  readonly listeners: readonly ListenerKind[]
  readonly request: MessageType<Req>
  readonly response: MessageType<Res>
}

export function api<const Req extends Fields, const Res extends Fields>(
  key: number,
  name: string,
  spec: { listeners: readonly ListenerKind[]; request: MessageSpec<Req>; response: MessageSpec<Res> },
): Api<Req, Res> {
  return {
    key,
    name,
    listeners: spec.listeners,
    request: new MessageType(`${name}Request`, spec.request),
    response: new MessageType(`${name}Response`, spec.response),
  }
}

const CONTROLLED_SHUTDOWN = 7
const API_VERSIONS = 18

/** ControlledShutdown v0 came before client ids; otherwise flexible requests have header 2, all others 1. */
export function requestHeaderVersion(spec: Api, version: number): number {
  if (spec.key === CONTROLLED_SHUTDOWN && version === 0) return 0
  return spec.request.isFlexible(version) ? 2 : 1
}

/** A client that does not know our versions yet must be able to read ApiVersions: its header is always 0 (KIP-511). */
export function responseHeaderVersion(spec: Api, version: number): number {
  if (spec.key === API_VERSIONS) return 0
  return spec.response.isFlexible(version) ? 1 : 0
}
