import { systemRandom } from '../../base/random.ts'
import { Consumer, type ConsumerSettings } from '../../client/index.ts'
import { parseKeyValues } from '../console/properties.ts'
import type { CommandContext } from '../context.ts'
import { metricsText } from '../services/perf/metrics-text.ts'
import { type ReadSums, readLoad } from '../services/perf/read-load.ts'
import { openTarget, optionsWith } from '../target.ts'
import { consumerFrom, loadProperties } from './client-properties.ts'
import { asKafkaException } from './java-errors.ts'
import { illegalArgument, javaPattern } from './java-lang.ts'
import { consumerPerfOptions } from './kafka-consumer-perf-test-options.ts'
import { NEWER_OPTIONS } from './newer-spellings.ts'
import { simpleDateFormat } from './simple-date-format.ts'
import { runTool, type Tool } from './tool.ts'

const MISSING = 'Missing required option(s) [bootstrap-server]'

/** Kafka's kafka-consumer-perf-test (org.apache.kafka.tools.ConsumerPerformance). */
export function kafkaConsumerPerfTest(context: CommandContext, words: readonly string[]): Promise<number> {
  const definition = {
    options: consumerPerfOptions(`perf-consumer-${systemRandom.int(100_000)}`),
    purpose: 'This tool is used to verify the consumer performance.',
    purposeWhenEmpty: MISSING,
    className: 'org.apache.kafka.tools.ConsumerPerformance',
    newer: NEWER_OPTIONS['kafka-consumer-perf-test'],
  }
  return runTool(context, words, definition, main, (tool, error) => {
    if (!tool.isParsed) throw tool.usage(error.text ?? '')
    return tool.tellException(error)
  })
}

async function main(tool: Tool): Promise<void> {
  const { options, context } = tool
  if (!options.has('bootstrap-server') && !options.has('broker-list')) throw tool.usage(MISSING)
  if (options.has('threads') || options.has('num-fetch-threads')) {
    const names = 'option [threads] and [num-fetch-threads]'
    tool.line(`WARNING: ${names} have been deprecated and will be ignored by the test`)
  }
  if (options.has('include')) tool.exclude('include', ['topic'])
  tool.require(options.has('include') ? 'include' : 'topic', 'messages')
  const isDetailed = options.has('show-detailed-stats')
  if (!options.has('hide-header'))
    tool.line(`${isDetailed ? 'time, threadId' : 'start.time, end.time'}${HEADER}`)
  const bootstrap = options.value('bootstrap-server') ?? options.value('broker-list') ?? ''
  const { client, consumer: config } = settingsOf(tool, bootstrap)
  const { timeoutMs, version, signal } = context
  const target = await openTarget({ 'bootstrap-server': bootstrap }, { timeoutMs, version, signal })
  const consumer = new Consumer(optionsWith(target, client), config)
  try {
    await measure(tool, consumer)
  } catch (error) {
    throw asKafkaException(error, '') ?? error
  } finally {
    await consumer.close()
    await target.close()
  }
}

const HEADER =
  ', data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec'

async function measure(tool: Tool, consumer: Consumer): Promise<void> {
  const { options, context } = tool
  const { clock, signal } = context
  const startMs = clock.nowMs()
  const joining = new Joining(() => clock.nowMs())
  const records = options.long('messages') ?? 0
  const idleTimeoutMs = options.long('timeout') ?? 0
  const intervalMs = options.long('reporting-interval') ?? 0
  if (intervalMs <= 0) throw illegalArgument('Reporting interval must be greater than 0.')
  const date = simpleDateFormat(options.value('date-format') ?? '')
  const pattern = options.value('include')
  const wanted = pattern === undefined ? [options.value('topic') ?? ''] : javaPattern(pattern)
  consumer.subscribe(wanted, { listener: joining.listener })
  const progress = new Progress(startMs, intervalMs, joining, (line) => {
    if (options.has('show-detailed-stats')) tool.line(line)
  })
  const onPoll = (nowMs: number, first: ReadSums) => progress.look(nowMs, first, date)
  const sums = await readLoad(clock, consumer, { records, idleTimeoutMs, signal, onPoll })
  if (sums.records < records) {
    tool.line(
      `WARNING: Exiting before consuming the expected number of messages: timeout (${idleTimeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
    )
  }
  const endMs = clock.nowMs()
  const metrics = options.has('print-metrics') ? metricsText(consumer.metrics()) : ''
  if (!options.has('show-detailed-stats')) {
    const elapsedMs = endMs - startMs
    const shown = figures(sums, sums, elapsedMs, joining.totalMs, elapsedMs - joining.totalMs)
    tool.line(`${date(startMs)}, ${date(endMs)}, ${shown}`)
  }
  tool.print(metrics)
}

/** All that was read, and what that is per second, with and without the time that joining took. */
function figures(all: ReadSums, part: ReadSums, elapsedMs: number, joinMs: number, fetchMs: number): string {
  const megabytes = part.bytes / (1024 * 1024)
  const perSecond = (amount: number, ms: number) => (amount / (ms / 1000)).toFixed(4)
  return [
    (all.bytes / (1024 * 1024)).toFixed(4),
    perSecond(megabytes, elapsedMs),
    all.records,
    perSecond(part.records, elapsedMs),
    joinMs,
    fetchMs,
    perSecond(megabytes, fetchMs),
    perSecond(part.records, fetchMs),
  ].join(', ')
}

/** The lines of `--show-detailed-stats`. */
class Progress {
  private lastMs: number
  private readonly intervalMs: number
  private readonly joining: Joining
  private readonly print: (line: string) => void
  private last: ReadSums = { records: 0, bytes: 0 }

  constructor(startMs: number, intervalMs: number, joining: Joining, print: (line: string) => void) {
    this.lastMs = startMs
    this.intervalMs = intervalMs
    this.joining = joining
    this.print = print
  }

  look(nowMs: number, now: ReadSums, date: (timeMs: number) => string): void {
    const elapsedMs = nowMs - this.lastMs
    if (elapsedMs < this.intervalMs) return
    const part = { records: now.records - this.last.records, bytes: now.bytes - this.last.bytes }
    const joinMs = this.joining.takeRound()
    const fetchMs = Math.max(0, elapsedMs - joinMs)
    this.print(`${date(nowMs)}, 0, ${figures(now, part, elapsedMs, joinMs, fetchMs)}`)
    this.last = now
    this.lastMs = nowMs
  }
}

/** How long the consumer had no partitions (ConsumerPerfRebListener). */
class Joining {
  totalMs = 0
  private roundMs = 0
  private startMs: number
  private readonly nowMs: () => number

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
    this.startMs = nowMs()
  }

  /** Of the time since the last call. */
  takeRound(): number {
    const ms = this.roundMs
    this.roundMs = 0
    return ms
  }

  readonly listener = {
    onPartitionsRevoked: () => {
      this.startMs = this.nowMs()
    },
    onPartitionsAssigned: () => {
      const ms = this.nowMs() - this.startMs
      this.totalMs += ms
      this.roundMs += ms
    },
  }
}

/** ConsumerPerfOptions.props */
function settingsOf(tool: Tool, bootstrap: string): ConsumerSettings {
  const { options } = tool
  return consumerFrom({
    'client.id': 'perf-consumer-client',
    ...loadProperties(options.value('consumer.config'), '--consumer.config'),
    ...Object.fromEntries(parseKeyValues(options.values('command-property'), '--command-property')),
    'bootstrap.servers': bootstrap,
    'group.id': options.value('group'),
    'receive.buffer.bytes': options.value('socket-buffer-size'),
    'max.partition.fetch.bytes': options.value('fetch-size'),
    'auto.offset.reset': options.has('from-latest') ? 'latest' : 'earliest',
    'check.crcs': false,
  })
}
