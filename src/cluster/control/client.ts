import { KcliError, systemErrorCode } from '../../base/errors.ts'
import type { Channel, Network } from '../../base/network.ts'
import type { DataDirectory } from '../data-directory.ts'
import { readLines, writeLine } from './lines.ts'
import {
  CONTROL_VERSION,
  type ControlAnswer,
  ControlProtocolError,
  type ControlReply,
  type ControlRequest,
  parseReply,
} from './protocol.ts'

const CONNECT_TIMEOUT_MS = 2_000
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])

/** Tells the server of a data directory what to do; undefined when there is none that could be told. */
export async function tellServer(
  network: Network,
  directory: DataDirectory,
  request: ControlRequest,
): Promise<ControlAnswer | undefined> {
  let channel: Channel
  try {
    const path = directory.socketPath('control')
    channel = await network.connect({ kind: 'unix', path }, { timeoutMs: CONNECT_TIMEOUT_MS })
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    if (NOBODY.has(code)) return undefined
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new KcliError('KCLI_CONTROL', `no permission to tell the server of ${directory.path} anything`, {
      hint: 'Only the user who runs it may.',
      cause: error,
    })
  }
  try {
    const reply = await ask(channel, request)
    if ('ok' in reply) return reply.ok
    const { code, message, hint } = reply.error
    throw new KcliError(code, message, hint === undefined ? {} : { hint })
  } finally {
    channel.destroy()
  }
}

function ask(channel: Channel, request: ControlRequest): Promise<ControlReply> {
  return new Promise((resolve, reject) => {
    const onLine = (line: string) => {
      try {
        resolve(parseReply(line))
      } catch (error) {
        reject(error)
      }
    }
    const onClose = () =>
      reject(new ControlProtocolError('the server has ended, or has closed the connection'))
    readLines(channel, onLine, onClose)
    writeLine(channel, { version: CONTROL_VERSION, ...request })
  })
}
