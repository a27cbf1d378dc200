import type { Address } from '../base/network.ts'
import { BrokerConfigError } from './broker-config-error.ts'

/** One named listener of a broker: where it accepts connections, and what it tells clients to connect to. */
export interface ListenerSpec {
  readonly name: string
  readonly securityProtocol: 'PLAINTEXT'
  /** Any number: an embedded broker listens on a pipe and a Unix socket under one name. */
  readonly bind: readonly Address[]
  readonly advertisedHost: string
  /** 0: the port that the first TCP address is bound to. */
  readonly advertisedPort: number
}

export interface ListenerSettings {
  readonly listeners: string
  readonly advertisedListeners: string | null
  readonly protocolMap: string
  /** What stands in for an empty host in an advertised address. */
  readonly hostName: string
}

interface EndPoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const WILDCARD = '0.0.0.0'

/** Reads `listeners`, `advertised.listeners` and `listener.security.protocol.map` (KafkaConfig.listeners). */
export function parseListeners(settings: ListenerSettings): ListenerSpec[] {
  const protocols = parseProtocolMap(settings.protocolMap)
  const bound = parseEndPoints(settings.listeners, protocols)
  checkPorts(bound, settings.listeners)
  if (bound.length === 0) {
    throw new BrokerConfigError('There must be at least one broker advertised listener.')
  }
  const advertised =
    settings.advertisedListeners === null ? bound : parseEndPoints(settings.advertisedListeners, protocols)
  checkAdvertised(bound, advertised)
  return bound.map((endPoint) => {
    const shown = advertised.find((other) => other.name === endPoint.name) ?? endPoint
    return {
      name: endPoint.name,
      securityProtocol: requirePlaintext(endPoint.name, protocols),
      bind: [{ kind: 'tcp', host: endPoint.host === '' ? WILDCARD : endPoint.host, port: endPoint.port }],
      advertisedHost: shown.host === '' ? settings.hostName : shown.host,
      advertisedPort: shown.port,
    }
  })
}

function parseProtocolMap(text: string): Map<string, string> {
  const protocols = new Map<string, string>()
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue
    const colon = item.lastIndexOf(':')
    const protocol = item.slice(colon + 1).trim()
    if (colon < 0 || !PROTOCOLS.includes(protocol.toUpperCase())) {
      throw new BrokerConfigError(
        `Invalid security protocol \`${protocol}\` defined in listener.security.protocol.map`,
      )
    }
    protocols.set(item.slice(0, colon).trim().toUpperCase(), protocol.toUpperCase())
  }
  return protocols
}

function parseEndPoints(text: string, protocols: ReadonlyMap<string, string>): EndPoint[] {
  const endPoints: EndPoint[] = []
  const fail = (reason: string) =>
    new BrokerConfigError(`Error creating broker listeners from '${text}': ${reason}`)
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue
    const match = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$/.exec(item)
    if (match === null) throw fail(`Unable to parse ${item} to a broker endpoint`)
    const name = (match[1] ?? '').toUpperCase()
    if (!protocols.has(name)) throw fail(`No security protocol defined for listener ${name}`)
    if (endPoints.some((other) => other.name === name)) {
      throw new BrokerConfigError(`Each listener must have a different name, listeners: ${text}`)
    }
    const port = Number(match[3])
    if (port > 65_535 || port < 0) throw fail(`Unable to parse ${item} to a broker endpoint`)
    endPoints.push({ name, host: match[2] ?? '', port })
  }
  return endPoints
}

/** Two listeners may share a port only when one is on IPv4 and the other on IPv6. */
function checkPorts(endPoints: readonly EndPoint[], text: string): void {
  const isIpv6 = (host: string) => host.includes(':')
  const isIp = (host: string) => isIpv6(host) || /^\d+\.\d+\.\d+\.\d+$/.test(host)
  for (const [index, a] of endPoints.entries()) {
    for (const b of endPoints.slice(index + 1)) {
      if (a.port !== b.port || a.port === 0) continue
      if (isIp(a.host) && isIp(b.host) && isIpv6(a.host) !== isIpv6(b.host)) continue
      throw new BrokerConfigError(`Each listener must have a different port, listeners: ${text}`)
    }
  }
}

function checkAdvertised(bound: readonly EndPoint[], advertised: readonly EndPoint[]): void {
  const names = (endPoints: readonly EndPoint[]) => endPoints.map(({ name }) => name).join(',')
  if (advertised.some(({ name }) => !bound.some((other) => other.name === name))) {
    throw new BrokerConfigError(
      `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${names(advertised)}. The valid options based on the current configuration are ${names(bound)}`,
    )
  }
  if (advertised.some(({ host }) => host === WILDCARD)) {
    throw new BrokerConfigError(
      'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
    )
  }
}

function requirePlaintext(name: string, protocols: ReadonlyMap<string, string>): 'PLAINTEXT' {
  const protocol = protocols.get(name)
  if (protocol === 'PLAINTEXT') return 'PLAINTEXT'
  throw new BrokerConfigError(`the listener ${name} uses ${protocol}, which kcli does not serve yet`, {
    hint: 'Only PLAINTEXT listeners work in this version.',
  })
}
