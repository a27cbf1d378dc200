import { KcliError } from '../../base/errors.ts'
import type { BrokerFault, BrokerName } from '../faults/cluster-faults.ts'

/**
 * What a process tells the one that serves its data directory, through `control.sock`: one JSON object a line, and one
 * line back for each, in order. Every line carries the version; a server that does not know it says so.
 *
 *     {"version":1,"do":"kill","brokers":[1],"sessionTimeoutMs":2000}
 *     {"version":1,"ok":{"brokers":[1],"states":[{"id":0,"state":"up",…},…],…}}
 *     {"version":1,"error":{"code":"KCLI_FAULT_REFUSED","message":"there is no broker 7","hint":"There are: 0, 1, 2"}}
 */
export const CONTROL_VERSION = 1
/** Of one line, either way. */
export const MAX_LINE_BYTES = 256 * 1024

export type ControlRequest =
  | { readonly do: 'state' }
  | {
      readonly do: 'kill' | 'pause'
      readonly brokers: readonly BrokerName[]
      readonly sessionTimeoutMs: number
    }
  | { readonly do: 'revive' | 'resume' | 'heal'; readonly brokers: readonly BrokerName[] }
  | {
      readonly do: 'partition'
      readonly brokers: readonly BrokerName[]
      readonly from?: readonly BrokerName[]
      readonly isOneWay: boolean
      readonly zookeeper: boolean
      readonly sessionTimeoutMs: number
    }

export interface ControlAnswer {
  /** Whom the request changed. */
  readonly brokers: readonly number[]
  /** How all of them are now. */
  readonly states: readonly BrokerFault[]
  /** Its sessions then last as long as it says. */
  readonly isZooKeeperElsewhere: boolean
}

export type ControlReply =
  | { readonly ok: ControlAnswer }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

export class ControlProtocolError extends KcliError {
  constructor(message: string) {
    super('KCLI_CONTROL', message, { hint: 'Is the server of the same version of kcli?' })
  }
}

/** Nothing but what is asked for in the form that is known is taken for a request. */
export function parseRequest(line: string): ControlRequest {
  const fields = objectOf(line)
  const what = fields.do
  switch (what) {
    case 'state':
      return { do: what }
    case 'kill':
    case 'pause':
      return { do: what, brokers: brokersOf(fields), sessionTimeoutMs: timeoutOf(fields) }
    case 'revive':
    case 'resume':
    case 'heal':
      return { do: what, brokers: brokersOf(fields) }
    case 'partition':
      return {
        do: what,
        brokers: brokersOf(fields),
        ...(fields.from !== undefined && { from: brokersOf({ brokers: fields.from }) }),
        isOneWay: fields.isOneWay === true,
        zookeeper: fields.zookeeper === true,
        sessionTimeoutMs: timeoutOf(fields),
      }
    default:
      throw new ControlProtocolError(`this server does not know what '${String(what)}' is`)
  }
}

export function parseReply(line: string): ControlReply {
  const fields = objectOf(line)
  if (fields.ok !== undefined) return { ok: fields.ok as ControlAnswer }
  const { code, message, hint } = (fields.error ?? {}) as Record<string, unknown>
  if (typeof code !== 'string' || typeof message !== 'string')
    throw new ControlProtocolError('the server answers something that is no answer')
  return { error: { code, message, ...(typeof hint === 'string' && { hint }) } }
}

function objectOf(line: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new ControlProtocolError('what came over the control socket is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new ControlProtocolError('what came over the control socket is no object')
  const fields = parsed as Record<string, unknown>
  if (fields.version !== CONTROL_VERSION) {
    throw new ControlProtocolError(
      `version ${String(fields.version)} of the control protocol is not known, ${CONTROL_VERSION} is`,
    )
  }
  return fields
}

function brokersOf({ brokers }: Record<string, unknown>): BrokerName[] {
  const isName = (name: unknown): name is BrokerName => name === 'controller' || Number.isSafeInteger(name)
  if (!Array.isArray(brokers) || !brokers.every(isName))
    throw new ControlProtocolError('the brokers of a request are not ids')
  return brokers
}

function timeoutOf({ sessionTimeoutMs }: Record<string, unknown>): number {
  const isTime =
    typeof sessionTimeoutMs === 'number' && sessionTimeoutMs >= 0 && Number.isFinite(sessionTimeoutMs)
  if (!isTime) throw new ControlProtocolError('the session timeout of a request is not a time')
  return sessionTimeoutMs
}
