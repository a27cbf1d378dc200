import type { CommandContext } from '../../context.ts'
import { askServer, brokersText, parseBrokers, report, silenceText } from './tell-server.ts'

/** Makes brokers of a running local cluster stand still, as SIGSTOP would. */
export async function pauseBrokers(
  context: CommandContext,
  options: { readonly brokers: readonly string[]; readonly sessionTimeoutMs: number },
): Promise<undefined> {
  const { sessionTimeoutMs } = options
  const brokers = parseBrokers(options.brokers)
  const answer = await askServer(context, { do: 'pause', brokers, sessionTimeoutMs })
  const after = silenceText(answer, sessionTimeoutMs)
  return report(
    context,
    answer,
    [
      `Paused ${brokersText(answer.brokers)}: connections stay open, and nothing is answered.`,
      `After ${after} without a heartbeat ZooKeeper takes ${answer.brokers.length === 1 ? 'it' : 'them'} for dead.`,
      `Go on with: kcli cluster resume ${answer.brokers.join(',')}`,
    ].join('\n'),
  )
}

/** Lets them go on where they stood. */
export async function resumeBrokers(
  context: CommandContext,
  options: { readonly brokers: readonly string[] },
): Promise<undefined> {
  const answer = await askServer(context, { do: 'resume', brokers: parseBrokers(options.brokers) })
  return report(context, answer, `Resumed ${brokersText(answer.brokers)}.`)
}
