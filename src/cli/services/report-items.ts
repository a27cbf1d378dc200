import { BrokerError, type ItemResult } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'

export interface ItemForms<T extends ItemResult> {
  /** `created`, `deleted`, `failed` …: the column STATUS, and the field in JSON. */
  readonly status: (item: T) => string
  /** Said when it went well. */
  readonly sentence: (item: T, status: string) => string
  /** More fields for JSON. */
  readonly data?: (item: T) => Readonly<Record<string, unknown>>
}

/**
 * The result of a change to many things: a sentence for each on stdout, failures on stderr; as data a list with a status and
 * an error for each, so that a program finds everything in one place.
 */
export async function reportItems<T extends ItemResult>(
  context: CommandContext,
  items: readonly T[],
  forms: ItemForms<T>,
): Promise<void> {
  const failed = items.filter((item) => forms.status(item) === 'failed')
  const hints = new Set<string>()
  for (const item of failed) {
    context.out.note(`kcli: ${sentenceOf(item)}`)
    const hint = item.error === null ? undefined : await hintFor(context, item.error, sentenceOf(item))
    if (hint !== undefined) hints.add(hint)
  }
  for (const hint of hints) context.out.note(hint)
  if (!context.out.isData) {
    const done = items.filter((item) => forms.status(item) !== 'failed')
    return await context.out.write(
      done.map((item) => `${forms.sentence(item, forms.status(item))}\n`).join(''),
    )
  }
  await context.out.view({
    rows: items,
    columns: [
      { header: 'NAME', value: (item) => item.name },
      { header: 'STATUS', value: forms.status },
      { header: 'ERROR', value: (item) => item.error?.errorName ?? '' },
    ],
    data: (item) => ({
      name: item.name,
      status: forms.status(item),
      ...(item.error === null && forms.data?.(item)),
      ...(item.error !== null && { error: { code: item.error.errorName, message: reasonOf(item) } }),
    }),
    name: (item) => item.name,
  })
}

/** What to do about what a broker refused. @param sentence what is said of it, with the name in quotes */
export async function hintFor(
  context: CommandContext,
  { errorCode }: BrokerError,
  sentence: string,
): Promise<string | undefined> {
  const { explained } = await import('../mistakes/known-names.ts')
  return (await explained(new BrokerError(errorCode, sentence), await context.target())).hint
}

function sentenceOf(item: ItemResult): string {
  const reason = reasonOf(item)
  return reason.includes(`'${item.name}'`) ? reason : `topic '${item.name}': ${reason}`
}

/** The broker's own words, with the name of the error when they do not have it. */
export function reasonOf(item: ItemResult): string {
  const { error } = item
  if (error === null) return ''
  if (error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') return `topic '${item.name}' does not exist`
  return error.message.includes(error.errorName) ? error.message : `${error.message} (${error.errorName})`
}
