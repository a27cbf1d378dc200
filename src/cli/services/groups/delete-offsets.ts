import { BrokerError, type PartitionResult } from '../../../client/index.ts'
import { partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { plural } from '../../output/text.ts'
import { reportItems } from '../report-items.ts'
import { partitionsText, viewGroups } from './groups.ts'
import { isInScope, type TopicScope } from './scope.ts'

export interface DeleteOffsetsOptions {
  readonly group: string
  readonly scopes: readonly TopicScope[]
  readonly dryRun: boolean
  /** The user has agreed already. */
  readonly yes: boolean
}

/** Forgets what a group has committed of some topics, also of topics that are gone. */
export async function deleteGroupOffsets(
  context: CommandContext,
  options: DeleteOffsetsOptions,
): Promise<number> {
  const { group, scopes, dryRun } = options
  const target = await context.target()
  const [view] = await viewGroups(context, target, { names: [group], regex: false })
  const partitions = (view?.offsets ?? []).filter((at) => isInScope(at, scopes))
  if (partitions.length === 0) {
    context.out.note(`Group ${group} has committed nothing there.`)
    if (context.out.isData) await context.out.object([], () => '')
    return EXIT.done
  }
  if (!options.yes && !dryRun && context.terminal.canPrompt) {
    context.out.note(`${group}: ${partitionsText(partitions)}`)
    await context.confirm(`Forget ${plural(partitions.length, 'offset')} of ${group}?`, '--yes')
  }
  const offsets = new Map(partitions.map((at) => [partitionName(at), at.offset]))
  const results: PartitionResult[] = dryRun
    ? partitions.map((at) => ({ ...at, name: partitionName(at), error: null }))
    : (await target.admin.deleteConsumerGroupOffsets(group, partitions)).map((item) => explained(item, group))
  await reportItems(context, results, {
    status: ({ error }) => (error !== null ? 'failed' : dryRun ? 'exists' : 'deleted'),
    sentence: ({ name }, status) =>
      status === 'exists'
        ? `Offset ${offsets.get(name)} of ${name} would be forgotten.`
        : `Forgot offset ${offsets.get(name)} of ${name}.`,
    data: ({ topic, partition, name }) => ({ topic, partition, offset: offsets.get(name) }),
  })
  return results.every(({ error }) => error === null) ? EXIT.done : EXIT.failed
}

function explained(item: PartitionResult, group: string): PartitionResult {
  const { error, name, topic } = item
  if (error === null) return item
  const text =
    error.errorName === 'GROUP_SUBSCRIBED_TO_TOPIC'
      ? `'${name}': group '${group}' is reading topic '${topic}'; stop its consumers first`
      : `'${name}': ${error.message}`
  return { ...item, error: new BrokerError(error.errorCode, text) }
}
