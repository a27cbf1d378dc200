import { constants } from 'node:os'
import { systemErrorCode } from '../../../base/errors.ts'
import { systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { RunningServers, type ServerKind, serversDirectory } from './running-servers.ts'

/**
 * Kafka's kafka-server-stop and zookeeper-server-stop: tell all servers of this machine that were started under Kafka's
 * names to end, with TERM or the signal in SIGNAL, and do not wait for it.
 */
export async function serverStop(
  context: CommandContext,
  words: readonly string[],
  kind: ServerKind,
): Promise<number> {
  const signal = signalOf(process.env.SIGNAL || 'TERM')
  const isGiven = (flag: string) => words.some((word) => word.startsWith(`${flag}=`))
  const byNode = kind === 'kafka' && isGiven('--node-id')
  const byRole = kind === 'kafka' && isGiven('--process-role')
  if (byNode && byRole) {
    await context.out.write(
      'When both node-id and process-role are provided, the value for node-id will take precedence\n',
    )
  }
  const pids = new RunningServers(systemPorts(), serversDirectory()).pids(kind)
  if (pids.length === 0) {
    await context.out.write(`No ${kind} server to stop\n`)
    return EXIT.failed
  }
  // Those have a meaning for KRaft alone, which no server here has.
  if (!byNode && !byRole) for (const pid of pids) tell(pid, signal)
  return EXIT.done
}

function signalOf(text: string): NodeJS.Signals {
  const wanted = `SIG${text.toUpperCase().replace(/^SIG/, '')}`
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0]
  const name = byNumber ?? wanted
  if (name in constants.signals) return name as NodeJS.Signals
  throw new UsageError(`SIGNAL is '${text}', which is no signal`, 'Write TERM, INT or KILL.')
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It has ended in the meantime.
    if (systemErrorCode(error) !== 'ESRCH') throw error
  }
}
