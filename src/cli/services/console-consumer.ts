import {
  type ClientSettings,
  Consumer,
  type ConsumerConfig,
  type TopicPartition,
} from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { readable, requireTopicsIn } from '../offline.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'
import { memberDefaults, readAsMember, slowGroup } from '../records/member-loop.ts'
import { END, type OffsetRange } from '../records/offset-grammar.ts'
import { type ReadLoopOptions, readRecords } from '../records/read-loop.ts'
import { planReading } from '../records/read-plan.ts'
import type { RecordWriter } from '../records/template.ts'
import { optionsWith } from '../target.ts'
import { selectPartitions } from './consume.ts'
import { selectTopics, wholeName } from './topics/select.ts'

export interface ConsoleConsumerOptions {
  /** Exactly one of the two: a topic, or an expression for whole names. */
  readonly topic: string | undefined
  readonly include: string | undefined
  readonly partition: number | undefined
  /** Where one partition, or files, are read from; members of a group begin where auto.offset.reset says. */
  readonly range: OffsetRange
  readonly maxMessages: number | undefined
  readonly timeoutMs: number | undefined
  readonly write: RecordWriter
  readonly skipOnError: boolean
  readonly client: ClientSettings
  readonly consumer: ConsumerConfig
}

/**
 * Kafka's kafka-console-consumer: follows until --max-messages, --timeout-ms or Ctrl-C, and ends with the count on stderr.
 * It is a member of a group, if need be of one that it has made up; one partition, and files, are read without.
 */
export async function consoleConsumer(
  context: CommandContext,
  options: ConsoleConsumerOptions,
): Promise<number | undefined> {
  const target = await context.target()
  const isMember = options.partition === undefined && target.offline === undefined
  const consumer = new Consumer(optionsWith(target, options.client), {
    maxPollRecords: 5_000,
    ...memberDefaults(target),
    ...options.consumer,
    ...(!isMember && { groupId: undefined, enableAutoCommit: false, autoOffsetReset: 'latest' }),
  })
  const chunks = new ChunkWriter(context.out.sink)
  let count = 0
  const loop: ReadLoopOptions = {
    clock: context.clock,
    signal: context.signal,
    maxRecords: options.maxMessages,
    idleTimeoutMs: options.timeoutMs,
    onRecord: (record) => {
      count++
      try {
        options.write(record, chunks.add)
      } catch (error) {
        if (!options.skipOnError) throw error
        context.out.note(
          `kcli: ${record.topic}-${record.partition}@${record.offset} was skipped: ${String(error)}`,
        )
      }
      return true
    },
    afterPoll: (polled) => (polled > 0 ? chunks.flush() : Promise.resolve()),
  }
  try {
    if (isMember) {
      await readAsMember(consumer, {
        ...loop,
        topics: topicsOf(options),
        follow: true,
        onSlow: () => context.out.warn(slowGroup(options.consumer.groupId)),
      })
    } else {
      if (options.topic !== undefined) requireTopicsIn(target, [options.topic])
      const partitions = readable(target, await partitionsOf(context, consumer, options))
      const follow = target.offline === undefined
      if (!follow && options.range.from === END) {
        context.out.warn('files read --offline bring nothing new: --from-beginning shows what there is')
      }
      const plans = await planReading(consumer, { partitions, range: options.range, follow })
      await readRecords(consumer, plans, loop)
    }
  } finally {
    await chunks.flush()
    context.out.note(`Processed a total of ${count} messages`)
    await consumer.close()
  }
  return undefined
}

/** A whole name has to match, as in Kafka. */
function topicsOf({ topic, include }: ConsoleConsumerOptions): string[] | RegExp {
  return topic === undefined ? wholeName(include ?? '') : [topic]
}

async function partitionsOf(
  context: CommandContext,
  consumer: Consumer,
  options: ConsoleConsumerOptions,
): Promise<TopicPartition[]> {
  const wanted = options.partition === undefined ? [] : [options.partition]
  if (options.topic !== undefined) return await selectPartitions(consumer, [options.topic], wanted)
  const { admin } = await context.target()
  const selection = { names: [options.include ?? ''], regex: true, includeInternal: false }
  const topics = await selectTopics(admin, selection)
  if (topics.length === 0) throw new UsageError(`no topic matches '${options.include}'`)
  return await selectPartitions(
    consumer,
    topics.map((topic) => topic.name),
    wanted,
  )
}
