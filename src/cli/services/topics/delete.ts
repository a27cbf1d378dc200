import type { ItemResult } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { reportItems } from '../report-items.ts'
import { confirmDelete } from './confirm-delete.ts'
import { selectTopics } from './select.ts'

export interface DeleteTopicsOptions {
  readonly names: readonly string[]
  readonly regex: boolean
  readonly ifExists: boolean
  readonly dryRun: boolean
  /** The user has agreed already. */
  readonly yes: boolean
}

/** Deletes topics with their data, after asking when it was not said beforehand. */
export async function deleteTopics(context: CommandContext, options: DeleteTopicsOptions): Promise<number> {
  const { admin } = await context.target()
  const names = options.regex
    ? (await selectTopics(admin, { names: options.names, regex: true, includeInternal: false })).map(
        (topic) => topic.name,
      )
    : [...options.names]
  if (names.length === 0) {
    context.out.note('No topic matches.')
    return options.ifExists ? EXIT.done : EXIT.failed
  }
  // By the names alone kafka-topics asks nobody; an expression may match more than was meant.
  if (!options.yes && !options.dryRun && (options.regex || context.terminal.canPrompt)) {
    await confirmDelete(context, names)
  }
  const results = options.dryRun
    ? await wouldDelete(context, names)
    : await admin.deleteTopics(names, { timeoutMs: context.timeoutMs })
  const isFine = (item: ItemResult) =>
    item.error === null || (options.ifExists && item.error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION')
  await reportItems(context, results, {
    status: (item) => {
      if (item.error !== null) return isFine(item) ? 'missing' : 'failed'
      return options.dryRun ? 'exists' : 'deleted'
    },
    sentence: (item, status) => {
      if (status === 'missing') return `Topic ${item.name} does not exist.`
      return status === 'exists' ? `Topic ${item.name} would be deleted.` : `Deleted topic ${item.name}.`
    },
  })
  return results.every(isFine) ? EXIT.done : EXIT.failed
}

async function wouldDelete(context: CommandContext, names: readonly string[]): Promise<ItemResult[]> {
  const { BrokerError } = await import('../../../client/index.ts')
  const { admin } = await context.target()
  return (await admin.describeTopics(names)).map((topic) => ({
    name: topic.name,
    error: topic.errorCode === 0 ? null : new BrokerError(topic.errorCode),
  }))
}
