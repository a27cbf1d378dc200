import { Consumer, type ConsumerRecord } from '../../../client/index.ts'
import { byPartition, partitionName } from '../../../lag/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { FilterCount, type RecordFilter } from '../../filter/index.ts'
import { ChunkWriter } from '../../records/chunk-writer.ts'
import { readRecords } from '../../records/read-loop.ts'
import type { RecordForm } from '../../records/record-output.ts'
import { viewGroups } from './groups.ts'
import { logEnds } from './log-ends.ts'
import { isInScope, type TopicScope } from './scope.ts'

export interface PeekOptions {
  readonly group: string
  /** All that the group has committed when empty. */
  readonly scopes: readonly TopicScope[]
  /** Of each partition. */
  readonly maxRecords: number
  /** Records that do not fit are passed over. */
  readonly filter: RecordFilter | undefined
  readonly form: RecordForm
}

/** The records that the group would read next. Nothing of the group is touched: nobody joins it and nothing is committed. */
export async function peek(context: CommandContext, options: PeekOptions): Promise<number> {
  const target = await context.target()
  const [view] = await viewGroups(context, target, { names: [options.group], regex: false })
  const offsets = (view?.offsets ?? []).filter((at) => isInScope(at, options.scopes))
  const [starts, ends] = await Promise.all([
    logEnds(context, offsets, 'earliest'),
    logEnds(context, offsets, 'latest'),
  ])
  const plans = offsets.flatMap(({ topic, partition, offset }) => {
    const name = partitionName({ topic, partition })
    const end = ends.get(name)
    if (end === undefined) return []
    // What was deleted meanwhile is passed over, as auto.offset.reset=earliest would.
    return { topic, partition, from: Math.max(offset, starts.get(name) ?? 0), end }
  })
  const filtered = options.filter && new FilterCount(options.filter)
  const found = await read(context, target.clientOptions, plans, options.maxRecords, filtered)
  if (filtered !== undefined) context.out.note(filtered.describe())
  else if (found.length === 0) context.out.note(`There is nothing that group ${options.group} has not read.`)
  const chunks = new ChunkWriter(context.out.sink)
  const { form } = options
  chunks.add(form.head ?? (found.length === 0 ? form.none : undefined) ?? '')
  found.forEach((record, i) => {
    if (i > 0 && form.separator !== undefined) chunks.add(form.separator)
    form.write(record, chunks.add)
  })
  if (form.tail !== undefined) chunks.add(form.tail)
  await chunks.flush()
  return EXIT.done
}

async function read(
  context: CommandContext,
  clientOptions: ConstructorParameters<typeof Consumer>[0],
  plans: Parameters<typeof readRecords>[1],
  maxRecords: number,
  filtered: FilterCount | undefined,
): Promise<ConsumerRecord[]> {
  const consumer = new Consumer(clientOptions, {
    autoOffsetReset: 'earliest',
    maxPartitionFetchBytes: 65_536,
  })
  const counts = new Map<string, number>()
  const found: ConsumerRecord[] = []
  try {
    const open = plans.filter(({ from, end }) => end !== undefined && from < end)
    await readRecords(consumer, open, {
      clock: context.clock,
      signal: context.signal,
      maxRecords: open.length * maxRecords,
      idleTimeoutMs: context.timeoutMs,
      onRecord: (record) => {
        const name = partitionName(record)
        const count = (counts.get(name) ?? 0) + 1
        if (count > maxRecords || filtered?.matches(record) === false) return false
        counts.set(name, count)
        found.push(record)
        if (count === maxRecords) consumer.pause([record])
        return true
      },
      afterPoll: async () => undefined,
    })
  } finally {
    await consumer.close()
  }
  return found.sort((a, b) => byPartition(a, b) || a.offset - b.offset)
}
