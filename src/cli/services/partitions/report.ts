import type { PartitionResult } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'

export interface PartitionForms<T extends PartitionResult> {
  /** `started`, `elected`, `failed` …: the column STATUS, and the field in JSON. */
  readonly status: (item: T) => string
  /** Said of what did not fail; undefined says nothing. */
  readonly sentence: (item: T, status: string) => string | undefined
  /** More fields for JSON. */
  readonly data?: (item: T) => Readonly<Record<string, unknown>>
}

/** What became of each partition: a sentence on stdout, failures on stderr; as data a list with everything in it. */
export async function reportPartitions<T extends PartitionResult>(
  context: CommandContext,
  items: readonly T[],
  forms: PartitionForms<T>,
): Promise<void> {
  for (const item of items) {
    if (forms.status(item) === 'failed') context.out.note(`kcli: partition ${item.name}: ${reason(item)}`)
  }
  if (!context.out.isData) {
    const sentences = items.flatMap((item) => {
      const status = forms.status(item)
      return status === 'failed' ? [] : (forms.sentence(item, status) ?? [])
    })
    return await context.out.write(sentences.map((sentence) => `${sentence}\n`).join(''))
  }
  await context.out.view({
    rows: items,
    columns: [
      { header: 'TOPIC', value: (item) => item.topic },
      { header: 'PARTITION', value: (item) => item.partition },
      { header: 'STATUS', value: forms.status },
      { header: 'ERROR', value: (item) => item.error?.errorName ?? '' },
    ],
    data: (item) => ({
      topic: item.topic,
      partition: item.partition,
      status: forms.status(item),
      ...forms.data?.(item),
      ...(item.error !== null && { error: { code: item.error.errorName, message: item.error.message } }),
    }),
    name: (item) => item.name,
  })
}

function reason({ error }: PartitionResult): string {
  if (error === null) return ''
  return error.message.includes(error.errorName) ? error.message : `${error.message} (${error.errorName})`
}
