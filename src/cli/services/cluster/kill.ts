import type { CommandContext } from '../../context.ts'
import { askServer, brokersText, parseBrokers, report, silenceText } from './tell-server.ts'

/** Ends brokers of a running local cluster as `kill -9` would. */
export async function killBrokers(
  context: CommandContext,
  options: { readonly brokers: readonly string[]; readonly sessionTimeoutMs: number },
): Promise<undefined> {
  const { sessionTimeoutMs } = options
  const brokers = parseBrokers(options.brokers)
  const answer = await askServer(context, { do: 'kill', brokers, sessionTimeoutMs })
  const dead = answer.brokers.length === 1 ? 'it for dead' : 'them for dead'
  return report(
    context,
    answer,
    [
      `Killed ${brokersText(answer.brokers)}, as kill -9 would.`,
      `ZooKeeper takes ${dead} after ${silenceText(answer, sessionTimeoutMs)}; then the others take over what they led.`,
      `Start again with: kcli cluster revive ${answer.brokers.join(',')}`,
    ].join('\n'),
  )
}

/** Starts killed brokers again on what they left. */
export async function reviveBrokers(
  context: CommandContext,
  options: { readonly brokers: readonly string[] },
): Promise<undefined> {
  const answer = await askServer(context, { do: 'revive', brokers: parseBrokers(options.brokers) })
  const what = answer.brokers.length === 1 ? 'It recovers its logs' : 'They recover their logs'
  return report(
    context,
    answer,
    `Started ${brokersText(answer.brokers)} again. ${what} and ${answer.brokers.length === 1 ? 'catches' : 'catch'} up with the leaders.`,
  )
}
