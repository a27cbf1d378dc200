import type { ElectionType, PartitionResult, TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { selectTopics } from '../topics/select.ts'
import { readPartitionList } from './plan-file.ts'
import { reportPartitions } from './report.ts'

export interface ElectLeaderOptions {
  readonly type: ElectionType
  readonly names: readonly string[]
  readonly regex: boolean
  readonly all: boolean
  /** All partitions of the topics when empty. */
  readonly partitions: readonly number[]
  /** A list of partitions in the form of Kafka's tool; `-` is stdin. */
  readonly planFile: string | undefined
  /** The user has agreed to an unclean election. */
  readonly yes: boolean
}

/** Has leaders elected: the preferred ones, or any live ones where there is none. */
export async function electLeaders(context: CommandContext, options: ElectLeaderOptions): Promise<number> {
  const { admin } = await context.target()
  const { type, names, all, planFile } = options
  if (planFile !== undefined && (names.length > 0 || all || options.partitions.length > 0)) {
    throw new UsageError('a file names all partitions', 'Leave the others out.')
  }
  if (names.length > 0 ? all : options.partitions.length > 0) {
    throw new UsageError('--all means all partitions of all topics', 'Leave out the topics and partitions.')
  }
  const wanted = all ? null : await wantedPartitions(context, options)
  if (type === 'unclean' && !options.yes) {
    const what =
      wanted === null
        ? 'all partitions'
        : wanted.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')
    await context.confirm(
      `Let replicas lead that are not in sync, of ${what} without a leader? Records that only the dead ones have are lost.`,
      '--yes',
    )
  }
  const results = await admin.electLeaders(type, wanted, { timeoutMs: context.timeoutMs })
  if (results.length === 0 && !context.out.isData) context.out.note('No partition needs an election.')
  const isFine = ({ error }: PartitionResult) => error === null || error.errorName === 'ELECTION_NOT_NEEDED'
  await reportPartitions(context, results, {
    status: (item) => (item.error === null ? 'elected' : isFine(item) ? 'not-needed' : 'failed'),
    sentence: ({ name }, status) =>
      status === 'elected' ? `Elected a leader for ${name}.` : `${name} needs no election.`,
  })
  return results.every(isFine) ? EXIT.done : EXIT.failed
}

async function wantedPartitions(
  context: CommandContext,
  { names, regex, partitions, planFile }: ElectLeaderOptions,
): Promise<TopicPartition[]> {
  if (planFile !== undefined) return readPartitionList(planFile, context)
  const { admin } = await context.target()
  const topics = await selectTopics(admin, { names, regex, includeInternal: true })
  if (topics.length === 0)
    throw new UsageError('no topic matches', 'See what there is with: kcli topics list')
  return topics.flatMap((topic) => {
    const numbers = partitions.length > 0 ? partitions : topic.partitions.map(({ partition }) => partition)
    return numbers.map((partition) => ({ topic: topic.name, partition }))
  })
}
