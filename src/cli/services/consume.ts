import { Consumer, type ConsumerConfig, consumerSettings, type TopicPartition } from '../../client/index.ts'
import { withoutGroup } from '../console/properties.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { FilterCount, type RecordFilter } from '../filter/index.ts'
import { readable, requireTopicsIn } from '../offline.ts'
import { Meter } from '../output/meter.ts'
import type { Output } from '../output/output.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'
import type { OutputRecord } from '../records/json-record.ts'
import { memberDefaults, readAsMember, slowGroup } from '../records/member-loop.ts'
import { type OffsetRange, START } from '../records/offset-grammar.ts'
import { readRecords } from '../records/read-loop.ts'
import { type PartitionPlan, planReading } from '../records/read-plan.ts'
import { type ReadSoFar, readSoFar } from '../records/read-so-far.ts'
import type { RecordForm } from '../records/record-output.ts'

export interface ConsumeOptions {
  readonly topics: readonly string[]
  /** All partitions when empty. */
  readonly partitions: readonly number[]
  readonly range: OffsetRange
  /** The last N records over all partitions, by timestamp. */
  readonly tail: number | undefined
  readonly follow: boolean
  readonly maxRecords: number | undefined
  readonly idleTimeoutMs: number | undefined
  /** Records that do not fit are passed over, and count for nothing. */
  readonly filter: RecordFilter | undefined
  readonly form: RecordForm
  readonly config: ConsumerConfig
}

/** What `--tail` keeps in memory is bounded by this. */
export const MAX_TAIL = 100_000

/** Writes records to stdout: up to the end of the partitions as it is when the command starts, or for ever. */
export async function consume(context: CommandContext, options: ConsumeOptions): Promise<number | undefined> {
  const target = await context.target()
  const { consumer: given } = consumerSettings(withoutGroup(await context.properties('consumer')))
  const consumer = new Consumer(target.clientOptions, {
    maxPollRecords: 5_000,
    ...memberDefaults(target),
    ...given,
    ...options.config,
  })
  const writer = new RecordStream(new ChunkWriter(context.out.sink), options.form, options.filter)
  const meter = new Meter({ clock: context.clock, unit: 'records' })
  let plans: readonly PartitionPlan[] | undefined
  const soFar = () => ({ ...(plans && readSoFar(consumer, plans, options.maxRecords, writer.count)) })
  // Only into a file: behind a pipe may be the terminal, and there the records themselves are what can be seen.
  const progress =
    context.out.sink.isFile === true ? context.progress(() => writer.progressLine(meter, soFar())) : undefined
  try {
    requireTopicsIn(target, options.topics)
    if (options.config.groupId !== undefined) {
      await streamAsMember(context, consumer, writer, options)
      return undefined
    }
    const partitions = readable(target, await selectPartitions(consumer, options.topics, options.partitions))
    const { range } = options
    const follow = options.follow && target.offline === undefined
    if (follow !== options.follow)
      context.out.warn('--follow ends at the end: files read --offline bring nothing new')
    if (options.tail === undefined) {
      plans = await planReading(consumer, { partitions, range, follow })
      await stream(context, consumer, plans, writer, options)
    } else {
      const ends = await writeTail(context, consumer, partitions, writer, options)
      if (follow) await stream(context, consumer, ends, writer, options)
    }
    await writer.finish()
    writer.tell(context.out)
  } finally {
    progress?.stop()
    await consumer.close()
  }
  return undefined
}

/** What is committed has been written: each group of records goes out before the next is asked for. */
async function streamAsMember(
  context: CommandContext,
  consumer: Consumer,
  writer: RecordStream,
  options: ConsumeOptions,
): Promise<void> {
  const { offline } = await context.target()
  if (offline !== undefined) {
    throw new UsageError('--group needs a cluster, --offline reads files', 'Leave one of them out.')
  }
  // A name that is wrong is better told than waited for.
  for (const topic of options.topics) await consumer.partitionsOf(topic)
  await readAsMember(consumer, {
    clock: context.clock,
    signal: context.signal,
    topics: options.topics,
    follow: options.follow,
    onSlow: () => context.out.warn(slowGroup(options.config.groupId)),
    maxRecords: options.maxRecords,
    idleTimeoutMs: options.idleTimeoutMs,
    onRecord: writer.take,
    afterPoll: (count) => (count > 0 ? writer.flush() : writer.waiting()),
  })
  await writer.finish()
  writer.tell(context.out)
}

async function stream(
  context: CommandContext,
  consumer: Consumer,
  plans: readonly PartitionPlan[],
  writer: RecordStream,
  options: ConsumeOptions,
): Promise<void> {
  await readRecords(consumer, plans, {
    clock: context.clock,
    signal: context.signal,
    maxRecords: options.maxRecords,
    idleTimeoutMs: options.idleTimeoutMs,
    onRecord: writer.take,
    // Who follows wants to see a record at once; who reads everything wants large writes.
    afterPoll: (count) => (options.follow && count > 0 ? writer.flush() : writer.waiting()),
  })
}

/** Gives the plan for what comes behind. With a filter the last records that fit may lie anywhere, so all are looked at. */
async function writeTail(
  context: CommandContext,
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  writer: RecordStream,
  { tail = 0, filter }: ConsumeOptions,
): Promise<PartitionPlan[]> {
  const range: OffsetRange = { from: filter === undefined ? { kind: 'end', minus: tail } : START }
  const plans = await planReading(consumer, { partitions, range, follow: false })
  const kept = new Map<string, OutputRecord[]>()
  await readRecords(consumer, plans, {
    clock: context.clock,
    signal: context.signal,
    onRecord: (record) => {
      if (!writer.wants(record)) return false
      const name = `${record.topic}-${record.partition}`
      const records = kept.get(name)
      if (records === undefined) kept.set(name, [record])
      else keepLast(records, record, tail)
      return true
    },
    afterPoll: async () => undefined,
  })
  for (const record of lastByTime([...kept.values()], tail)) writer.add(record)
  await writer.flush()
  return plans.map((plan) => ({ ...plan, from: plan.end ?? plan.from, end: undefined }))
}

/** Now and then the first ones are let go: their fetch responses are held by them. */
function keepLast(records: OutputRecord[], record: OutputRecord, count: number): void {
  records.push(record)
  if (records.length > 2 * count + 16) records.splice(0, records.length - count)
}

/** The last records of several lists, merged by timestamp from the end; each list keeps its order. */
export function lastByTime(lists: readonly (readonly OutputRecord[])[], count: number): OutputRecord[] {
  const heads = lists.map((list) => list.length - 1)
  const merged: OutputRecord[] = []
  while (merged.length < count) {
    let latest = -1
    let found: OutputRecord | undefined
    lists.forEach((list, i) => {
      const record = list[heads[i] ?? -1]
      if (record === undefined || (found !== undefined && record.timestampMs < found.timestampMs)) return
      latest = i
      found = record
    })
    if (found === undefined) break
    merged.push(found)
    heads[latest] = (heads[latest] ?? 0) - 1
  }
  return merged.reverse()
}

export async function selectPartitions(
  consumer: Consumer,
  topics: readonly string[],
  wanted: readonly number[],
): Promise<TopicPartition[]> {
  const found: TopicPartition[] = []
  for (const topic of topics) {
    const existing = await consumer.partitionsOf(topic)
    const missing = wanted.find((partition) => !existing.includes(partition))
    if (missing !== undefined) {
      throw new UsageError(
        `${topic} has no partition ${missing}`,
        `It has ${existing.length}, numbered from 0.`,
      )
    }
    for (const partition of wanted.length > 0 ? wanted : existing) found.push({ topic, partition })
  }
  return found
}

/** Records in a form, with what stands between them; with a filter, those that fit. */
class RecordStream {
  private readonly chunks: ChunkWriter
  private readonly form: RecordForm
  private readonly filtered: FilterCount | undefined
  count = 0

  constructor(chunks: ChunkWriter, form: RecordForm, filter: RecordFilter | undefined) {
    this.chunks = chunks
    this.form = form
    this.filtered = filter && new FilterCount(filter)
  }

  wants(record: OutputRecord): boolean {
    return this.filtered === undefined || this.filtered.matches(record)
  }

  /** Writes a record, or says that it is not wanted. */
  readonly take = (record: OutputRecord): boolean => {
    if (this.filtered !== undefined && !this.filtered.matches(record)) return false
    this.add(record)
    return true
  }

  add(record: OutputRecord): void {
    const between = this.count++ === 0 ? this.form.head : this.form.separator
    if (between !== undefined) this.chunks.add(between)
    this.form.write(record, this.chunks.add)
  }

  /** Of a reading that has an end, how far it is; else what was read. */
  progressLine(meter: Meter, { done, total }: Partial<ReadSoFar>): string {
    const line = meter.line('Consuming', done ?? this.filtered?.looked ?? this.count, total)
    return this.filtered === undefined ? line : `${line}  ${this.count.toLocaleString('en-US')} matched`
  }

  async waiting(): Promise<void> {
    await this.chunks.waiting
  }

  flush(): Promise<void> {
    return this.chunks.flush()
  }

  finish(): Promise<void> {
    if (this.count === 0) this.chunks.add(this.form.head ?? this.form.none ?? '')
    if (this.form.tail !== undefined) this.chunks.add(this.form.tail)
    return this.chunks.flush()
  }

  /** How many records the filter was asked for: that nothing came out can have two reasons. */
  tell(out: Output): void {
    if (this.filtered !== undefined) out.note(this.filtered.describe())
  }
}
