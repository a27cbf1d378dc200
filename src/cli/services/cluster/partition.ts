import type { CommandContext } from '../../context.ts'
import { askServer, brokersText, parseBrokers, report, silenceText } from './tell-server.ts'

export interface PartitionBrokersOptions {
  readonly brokers: readonly string[]
  /** All others by default. */
  readonly from: readonly string[] | undefined
  readonly isOneWay: boolean
  readonly zookeeper: boolean
  readonly sessionTimeoutMs: number
}

/** Cuts brokers of a running local cluster off from others. Clients reach them as before. */
export async function partitionBrokers(
  context: CommandContext,
  options: PartitionBrokersOptions,
): Promise<undefined> {
  const { isOneWay, zookeeper, sessionTimeoutMs } = options
  const from = options.from === undefined ? undefined : parseBrokers(options.from, '--from')
  const answer = await askServer(context, {
    do: 'partition',
    brokers: parseBrokers(options.brokers),
    ...(from !== undefined && { from }),
    isOneWay,
    zookeeper,
    sessionTimeoutMs,
  })
  const cut = answer.states.filter(({ id }) => answer.brokers.includes(id))
  const lines = cut.map(({ id, cutOffFrom, isCutOffFromZooKeeper }) => {
    const others = cutOffFrom.length === 0 ? [] : [brokersText(cutOffFrom)]
    const whom = [...others, ...(isCutOffFromZooKeeper ? ['ZooKeeper'] : [])].join(' and from ')
    const way = isOneWay ? ' (what it opens; what is opened to it gets through)' : ''
    return `Broker ${id} is cut off from ${whom}${way}.`
  })
  if (zookeeper)
    lines.push(
      `ZooKeeper takes it for dead after ${silenceText(answer, sessionTimeoutMs)} without a heartbeat.`,
    )
  lines.push(`End it with: kcli cluster heal ${answer.brokers.join(',')}`)
  return report(context, answer, lines.join('\n'))
}

/** Ends what {@link partitionBrokers} began: for some brokers, or for all. */
export async function healBrokers(
  context: CommandContext,
  options: { readonly brokers: readonly string[] },
): Promise<undefined> {
  const answer = await askServer(context, { do: 'heal', brokers: parseBrokers(options.brokers) })
  const text =
    answer.brokers.length === 0
      ? 'Nobody was cut off.'
      : `${brokersText(answer.brokers).replace('b', 'B')} can be reached again, and can reach the others.`
  return report(context, answer, text)
}
