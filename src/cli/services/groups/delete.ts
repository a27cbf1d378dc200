import { BrokerError, type ItemResult } from '../../../client/index.ts'
import { ERROR_CODES } from '../../../protocol/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { plural } from '../../output/text.ts'
import type { Target } from '../../target.ts'
import { reportItems } from '../report-items.ts'
import { type GroupSelection, type GroupView, partitionsText, selectGroupIds, viewGroups } from './groups.ts'
import { busyGroups } from './reset.ts'

export interface DeleteGroupsOptions extends GroupSelection {
  readonly ifExists: boolean
  readonly dryRun: boolean
  /** The user has agreed already. */
  readonly yes: boolean
}

/** Deletes groups with their offsets, after asking when it was not said beforehand. */
export async function deleteGroups(context: CommandContext, options: DeleteGroupsOptions): Promise<number> {
  const { names, regex, dryRun } = options
  const target = await context.target()
  const ids = await selectGroupIds(context, target, { names, regex })
  if (ids.length === 0) {
    context.out.note('No group matches.')
    return options.ifExists ? EXIT.done : EXIT.failed
  }
  // By the names alone kafka-consumer-groups asks nobody; an expression may match more than was meant.
  if (!options.yes && !dryRun && (regex || context.terminal.canPrompt))
    await confirmDelete(context, target, ids)
  const results = dryRun ? [] : await target.admin.deleteConsumerGroups(ids)
  const failed = new Set(results.filter(({ error }) => error !== null).map(({ name }) => name))
  const look = dryRun ? ids : ids.filter((id) => failed.has(id))
  const views = await viewGroups(context, target, { names: look, regex: false }, { allowMissing: true })
  const found = dryRun
    ? ids.map((name) => wouldDelete(name, views))
    : results.map((item) => explained(item, views))
  const isFine = ({ error }: ItemResult) =>
    error === null || (options.ifExists && error.errorName === 'GROUP_ID_NOT_FOUND')
  await reportItems(context, found, {
    status: (item) => {
      if (item.error !== null) return isFine(item) ? 'missing' : 'failed'
      return dryRun ? 'exists' : 'deleted'
    },
    sentence: ({ name }, status) => {
      if (status === 'missing') return `Group ${name} does not exist.`
      return status === 'exists' ? `Group ${name} would be deleted.` : `Deleted group ${name}.`
    },
  })
  return found.every(isFine) ? EXIT.done : EXIT.failed
}

/** A list is for reading; more groups are counted. */
const MAX_SHOWN = 20

async function confirmDelete(context: CommandContext, target: Target, ids: readonly string[]): Promise<void> {
  if (context.terminal.canPrompt) {
    const shown = ids.slice(0, MAX_SHOWN)
    const views = await viewGroups(context, target, { names: shown, regex: false }, { allowMissing: true })
    for (const { groupId, state, members, offsets } of views) {
      const who = members.length === 0 ? '' : `, ${plural(members.length, 'member')}`
      const what = offsets.length === 0 ? 'no offsets' : `offsets of ${partitionsText(offsets)}`
      context.out.note(`${groupId}: ${state}${who}, ${what}`)
    }
    if (ids.length > shown.length) context.out.note(`… and ${ids.length - shown.length} more`)
  }
  const what = ids.length > MAX_SHOWN ? `these ${ids.length} groups` : ids.join(', ')
  await context.confirm(`Delete ${what} with all offsets?`, '--yes')
}

function wouldDelete(name: string, views: readonly GroupView[]): ItemResult {
  const view = views.find(({ groupId }) => groupId === name)
  if (view === undefined)
    return explained({ name, error: new BrokerError(ERROR_CODES.GROUP_ID_NOT_FOUND) }, views)
  if (view.members.length === 0) return { name, error: null }
  return explained({ name, error: new BrokerError(ERROR_CODES.NON_EMPTY_GROUP) }, views)
}

/** In words, and with the members that are in the way. */
function explained({ name, error }: ItemResult, views: readonly GroupView[]): ItemResult {
  if (error === null) return { name, error }
  const view = views.find(({ groupId }) => groupId === name)
  if (error.errorName === 'GROUP_ID_NOT_FOUND') return withText(name, error, `group '${name}' does not exist`)
  if (error.errorName === 'NON_EMPTY_GROUP' && view !== undefined)
    return withText(name, error, busyGroups([view]).message)
  return withText(name, error, `group '${name}': ${error.message}`)
}

function withText(name: string, { errorCode }: BrokerError, text: string): ItemResult {
  return { name, error: new BrokerError(errorCode, text) }
}
