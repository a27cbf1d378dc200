import { type ClientSettings, Consumer, type ConsumerConfig } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { Meter } from '../../output/meter.ts'
import { sizeText } from '../../output/text.ts'
import { optionsWith } from '../../target.ts'
import { selectPartitions } from '../consume.ts'
import { type ReadSums, readLoad } from './read-load.ts'

export interface PerfConsumeOptions {
  readonly topic: string
  readonly records: number
  readonly idleTimeoutMs: number
  /** With a group the time to join it counts, too. */
  readonly client: ClientSettings
  readonly consumer: ConsumerConfig
}

/** Reads a topic from its beginning and tells how fast. */
export async function perfConsume(context: CommandContext, options: PerfConsumeOptions): Promise<number> {
  const { clock, out, signal } = context
  const target = await context.target()
  const consumer = new Consumer(optionsWith(target, options.client), {
    autoOffsetReset: 'earliest',
    ...options.consumer,
  })
  try {
    if (options.consumer.groupId !== undefined) consumer.subscribe([options.topic])
    else consumer.assign(await selectPartitions(consumer, [options.topic], []))
    const startMs = clock.monotonicMs()
    let sums: ReadSums = { records: 0, bytes: 0 }
    const meter = new Meter({ clock, unit: 'records' })
    const progress = context.progress(() => meter.line('Reading', sums.records, options.records))
    let lastMs = startMs
    sums = await readLoad(clock, consumer, {
      records: options.records,
      idleTimeoutMs: options.idleTimeoutMs,
      signal,
      onPoll: (_nowMs, _first, all) => {
        lastMs = clock.monotonicMs()
        sums = { ...all }
      },
    })
    progress.stop()
    const data = dataOf(options.topic, sums, lastMs - startMs)
    await out.object(
      data,
      () => textOf(data),
      () => [options.topic],
    )
    if (sums.records >= options.records || signal.aborted) return EXIT.done
    out.warn(
      `nothing came for ${options.idleTimeoutMs} ms: ${sums.records} of ${options.records} records were read`,
    )
    return EXIT.failed
  } finally {
    await consumer.close()
  }
}

function dataOf(topic: string, { records, bytes }: ReadSums, elapsedMs: number) {
  const seconds = Math.max(1, elapsedMs) / 1000
  return {
    topic,
    records,
    sizeBytes: bytes,
    elapsedMs,
    recordsPerSecond: records / seconds,
    bytesPerSecond: bytes / seconds,
  }
}

function textOf({ records, elapsedMs, recordsPerSecond, bytesPerSecond }: ReturnType<typeof dataOf>): string {
  return [
    `records     ${records.toLocaleString('en')}`,
    `time        ${(elapsedMs / 1000).toFixed(2)} s`,
    `throughput  ${Math.round(recordsPerSecond).toLocaleString('en')} records/s, ${sizeText(bytesPerSecond)}/s`,
    '',
  ].join('\n')
}
