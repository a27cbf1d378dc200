import { KcliError } from '../../base/errors.ts'
import type { Address } from '../../base/network.ts'
import { pathProblem } from '../paths.ts'

export interface ConnectString {
  readonly servers: readonly Address[]
  /** What stands before every path; empty for none. */
  readonly chroot: string
}

const DEFAULT_PORT = 2181

/** `h1:2181,[::1]:2182,h3/kafka` (org.apache.zookeeper.client.ConnectStringParser). */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/')
  const hosts = slash < 0 ? text : text.slice(0, slash)
  const chroot = slash < 0 || slash === text.length - 1 ? '' : text.slice(slash)
  const problem = chroot === '' ? undefined : pathProblem(chroot)
  if (problem !== undefined) throw invalid(text, `the path ${chroot} ${problem}`)
  const servers = hosts
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => parseServer(each, text))
  if (servers.length === 0) throw invalid(text, 'it names no server')
  return { servers, chroot }
}

function parseServer(text: string, whole: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  if (host === undefined || port > 65_535) throw invalid(whole, `${text} is no HOST:PORT`)
  return { kind: 'tcp', host, port }
}

function invalid(text: string, reason: string): KcliError {
  return new KcliError('KCLI_ZOOKEEPER_CONNECT', `${text} names no ZooKeeper: ${reason}`, {
    hint: 'Write it as HOST:PORT,HOST:PORT/PATH; port and path may be left out.',
  })
}
