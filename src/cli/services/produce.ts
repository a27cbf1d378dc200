import {
  type ClientSettings,
  type DeliveryCallback,
  Producer,
  type ProducerConfig,
  type ProducerRecord,
} from '../../client/index.ts'
import { ERROR_CODES } from '../../protocol/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { Meter } from '../output/meter.ts'
import { DeliveryReport, type InputProgress } from '../records/delivery-report.ts'
import type { InputHeader, InputParser, InputRecord } from '../records/input-record.ts'
import { optionsWith } from '../target.ts'

export interface ProduceOptions {
  readonly topic: string
  readonly parser: InputParser
  /** A file; standard input when undefined. */
  readonly file: string | undefined
  readonly client?: ClientSettings
  readonly producer: ProducerConfig
  /** What every record gets unless it brings its own. */
  readonly defaults: RecordDefaults
  /** Wait for each record before the next one. */
  readonly sync: boolean
  /** Write a line for each record that is stored. */
  readonly report: boolean
  /** Say at the end how many records went where. */
  readonly summary: boolean
}

export interface RecordDefaults {
  readonly key?: Uint8Array
  readonly headers?: readonly InputHeader[]
  /** Wins over what the record says. */
  readonly partition?: number
  readonly timestampMs?: number
  /** Choose the partition anew for records that name one. */
  readonly repartition?: boolean
}

/**
 * Reads records and sends them. Reading waits while the producer's memory is full, so the input may be of any length. What
 * was read is sent before the command ends, also after Ctrl-C and after an input error.
 */
export async function produce(context: CommandContext, options: ProduceOptions): Promise<number | undefined> {
  const target = await context.target()
  const producer = new Producer(optionsWith(target, options.client), {
    allowNoTimestamp: true,
    ...options.producer,
    // All replicas of a local cluster are on one disk: no other leader has room when this one has none.
    ...(target.isLocal && { finalErrors: [ERROR_CODES.KAFKA_STORAGE_ERROR] }),
  })
  const report = new DeliveryReport(options.topic, context.out, context.clock, options.report)
  const isShown = showsProgress(context, options)
  const totalBytes = isShown ? context.inputSizeBytes(options.file) : undefined
  const input: InputProgress = { readBytes: 0, totalBytes }
  const meter = new Meter({
    clock: context.clock,
    unit: totalBytes === undefined ? 'records' : 'bytes',
  })
  const progress = isShown ? context.progress(() => report.progressLine(meter, input)) : undefined
  let failure: unknown
  try {
    await producer.prepare(options.topic)
    try {
      if (options.sync) await sendOneByOne(context, producer, options, report, input)
      else await sendAll(context, producer, options, report, input)
    } catch (error) {
      failure = error
    }
    await producer.flush()
  } finally {
    progress?.stop()
    producer.abandon()
  }
  await report.finish(options.summary, failure !== undefined)
  if (failure !== undefined) throw failure
  if (report.failed > 0) return EXIT.failed
  return undefined
}

/** Not while somebody types, nor among lines of a report. */
function showsProgress({ terminal, out }: CommandContext, options: ProduceOptions): boolean {
  const typed = options.file === undefined && terminal.stdinIsTty
  return options.summary && !typed && !(options.report && out.sink.isTerminal)
}

async function sendAll(
  context: CommandContext,
  producer: Producer,
  options: ProduceOptions,
  report: DeliveryReport,
  input: InputProgress,
): Promise<void> {
  let hasRoom = true
  const emit = (record: InputRecord) => {
    hasRoom = append(producer, withDefaults(record, options), report)
  }
  for await (const chunk of context.input(options.file)) {
    input.readBytes += chunk.length
    options.parser.push(chunk, emit)
    if (!hasRoom) await producer.ready()
    hasRoom = true
    await report.written()
  }
  if (!context.signal.aborted) options.parser.end(emit)
}

/** A record that can never be sent counts as failed; the others go on. */
function append(producer: Producer, record: ProducerRecord, report: DeliveryReport): boolean {
  const callback = report.callback()
  try {
    return producer.append(record, callback)
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null)
    return true
  }
}

async function sendOneByOne(
  context: CommandContext,
  producer: Producer,
  options: ProduceOptions,
  report: DeliveryReport,
  input: InputProgress,
): Promise<void> {
  let records: InputRecord[] = []
  const emit = (record: InputRecord) => {
    records.push(record)
  }
  const sendRecords = async () => {
    for (const record of records) {
      if (context.signal.aborted) return
      await sendOne(producer, withDefaults(record, options), report)
    }
    records = []
  }
  for await (const chunk of context.input(options.file)) {
    input.readBytes += chunk.length
    options.parser.push(chunk, emit)
    await sendRecords()
    await report.written()
  }
  if (!context.signal.aborted) options.parser.end(emit)
  await sendRecords()
}

async function sendOne(producer: Producer, record: ProducerRecord, report: DeliveryReport): Promise<void> {
  const callback: DeliveryCallback = report.callback()
  try {
    callback(null, await producer.send(record))
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null)
  }
}

function withDefaults(record: InputRecord, { topic, defaults }: ProduceOptions): ProducerRecord {
  const partition = defaults.partition ?? (defaults.repartition === true ? undefined : record.partition)
  const timestampMs = record.timestampMs ?? defaults.timestampMs
  const headers = defaults.headers === undefined ? record.headers : [...defaults.headers, ...record.headers]
  return {
    topic,
    key: record.key ?? defaults.key ?? null,
    value: record.value,
    ...(headers.length > 0 && { headers }),
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
  }
}
