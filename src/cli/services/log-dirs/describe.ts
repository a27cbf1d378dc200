import type { CommandContext } from '../../context.ts'
import { sizeText } from '../../output/text.ts'
import { selectTopics, type TopicSelection } from '../topics/select.ts'
import { askForLogDirs } from './ask-brokers.ts'

export interface DescribeLogDirsOptions extends TopicSelection {
  /** All when empty. */
  readonly brokers: readonly number[]
  /** The largest first, in place of the order of brokers, directories and names. */
  readonly bySize: boolean
}

/** Replica by replica: in which directory it is, how large it is, and how far a copy is that moves to another one. */
export async function describeLogDirs(
  context: CommandContext,
  options: DescribeLogDirsOptions,
): Promise<number> {
  const { admin } = await context.target()
  const topics = new Set((await selectTopics(admin, options)).map(({ name }) => name))
  const { logDirs, exitCode } = await askForLogDirs(context, options.brokers)
  for (const { broker, logDir, error } of logDirs)
    if (error !== null) context.out.warn(`${logDir} of broker ${broker}: ${error.errorName}`)
  const rows = logDirs.flatMap(({ broker, logDir, partitions }) =>
    partitions
      .filter(({ topic }) => topics.has(topic))
      .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition))
      .map((partition) => ({ broker, logDir, ...partition })),
  )
  await context.out.view({
    rows: options.bySize ? rows.sort((a, b) => b.sizeBytes - a.sizeBytes) : rows,
    columns: [
      { header: 'BROKER', value: ({ broker }) => broker },
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ partition }) => partition },
      { header: 'SIZE', value: ({ sizeBytes }) => sizeText(sizeBytes), raw: ({ sizeBytes }) => sizeBytes },
      { header: 'OFFSET-LAG', value: ({ offsetLag }) => offsetLag },
      { header: 'FUTURE', value: ({ isFuture }) => (isFuture ? 'yes' : '') },
      { header: 'DIRECTORY', value: ({ logDir }) => logDir },
    ],
    data: ({ broker, logDir, topic, partition, sizeBytes, offsetLag, isFuture }) => ({
      broker,
      logDir,
      topic,
      partition,
      sizeBytes,
      offsetLag,
      isFuture,
    }),
    name: ({ topic, partition }) => `${topic}-${partition}`,
    empty: 'No replica matches.',
  })
  return exitCode
}
