import { KcliError } from '../../../base/errors.ts'
import {
  type BrokerName,
  type ControlAnswer,
  type ControlRequest,
  tellServer,
} from '../../../cluster/control/index.ts'
import { DataDirectory, isServed, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { localDirectory } from './start.ts'

/** What the server of the data directory answers. Without one there are no brokers to do anything to. */
export async function askServer(context: CommandContext, request: ControlRequest): Promise<ControlAnswer> {
  const ports = systemPorts()
  const directory = new DataDirectory(ports.fs, localDirectory(context))
  directory.check()
  const answer = await tellServer(ports.network, directory, request)
  if (answer !== undefined) return answer
  const server = isServed(ports, directory) ? directory.readServerInfo() : undefined
  if (server?.kind === 'command') {
    throw new KcliError('KCLI_NO_SERVER', `${directory.path} is served by a command that ends by itself`, {
      hint: 'Run its brokers in a server of their own: kcli cluster start',
    })
  }
  throw new KcliError('KCLI_NO_SERVER', `no server runs on ${directory.path}: its brokers are not there`, {
    hint: 'Start them in another terminal: kcli cluster start',
  })
}

/** Tells what was done, as a sentence or as data. */
export async function report(
  context: CommandContext,
  answer: ControlAnswer,
  text: string,
): Promise<undefined> {
  await context.out.object(
    answer,
    () => `${text}\n`,
    () => answer.brokers.map(String),
  )
  return undefined
}

/** `1`, `0,2`, `controller`, several of them. */
export function parseBrokers(words: readonly string[], from = 'BROKER'): BrokerName[] {
  const names = words.flatMap((word) => word.split(',')).filter((word) => word !== '')
  return names.map((name) => {
    if (name === 'controller') return name
    if (/^\d{1,9}$/.test(name)) return Number(name)
    throw new UsageError(
      `${from} is '${name}'`,
      "Brokers are ids, several with commas between, or 'controller'.",
    )
  })
}

/** `broker 1`, `brokers 0 and 2`. */
export function brokersText(ids: readonly number[]): string {
  const last = ids.at(-1)
  if (ids.length < 2) return `broker ${last}`
  return `brokers ${ids.slice(0, -1).join(', ')} and ${last}`
}

/** `2 s`, `300 ms`. */
export function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`
}

/** When the coordination service takes a broker for dead; one that runs elsewhere decides for itself. */
export function silenceText({ isZooKeeperElsewhere }: ControlAnswer, sessionTimeoutMs: number): string {
  return isZooKeeperElsewhere ? 'its session timeout' : durationText(sessionTimeoutMs)
}
