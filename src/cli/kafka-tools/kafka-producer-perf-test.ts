import { resolve } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { JavaException } from '../../base/java-exception.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { systemRandom } from '../../base/random.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { ClientError, Producer } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import type { JavaStreams } from '../jopt/java-main.ts'
import { metricsText } from '../services/perf/metrics-text.ts'
import { numberPayloads, type Payloads, payloadsOf, randomPayloads } from '../services/perf/payloads.ts'
import { SendStats, type SendTotals, type SendWindow } from '../services/perf/produce-stats.ts'
import { sendLoad } from '../services/perf/send-load.ts'
import { openTarget, optionsWith } from '../target.ts'
import { type ArgparseDefinition, type ArgparseResult, argparseError, parseArguments } from './argparse.ts'
import { loadProperties, producerFrom } from './client-properties.ts'
import { asKafkaException } from './java-errors.ts'
import { illegalArgument, javaSplit } from './java-lang.ts'
import { runProgram } from './java-program.ts'
import { HELP, USAGE } from './kafka-producer-perf-test-help.ts'
import { NEWER_ARGUMENTS } from './newer-spellings.ts'

export const DEFINITION: ArgparseDefinition = {
  program: 'producer-performance',
  newer: NEWER_ARGUMENTS['kafka-producer-perf-test'],
  arguments: [
    { flag: '--topic', type: 'String' },
    { flag: '--num-records', type: 'Long' },
    { flag: '--record-size', type: 'Integer' },
    { flag: '--payload-file', type: 'String' },
    { flag: '--payload-monotonic', type: 'flag' },
    { flag: '--payload-delimiter', type: 'String' },
    { flag: '--throughput', type: 'Double' },
    { flag: '--producer-props', type: 'String', isList: true },
    { flag: '--producer.config', type: 'String' },
    { flag: '--print-metrics', type: 'flag' },
    { flag: '--transactional-id', type: 'String' },
    { flag: '--transaction-duration-ms', type: 'Long' },
  ],
  required: ['--throughput', '--num-records', '--topic'],
  oneOf: ['--record-size', '--payload-file', '--payload-monotonic'],
  usage: USAGE,
  help: HELP,
}

/** Kafka's kafka-producer-perf-test (org.apache.kafka.tools.ProducerPerformance). */
export function kafkaProducerPerfTest(context: CommandContext, words: readonly string[]): Promise<number> {
  return runProgram(context, (streams) => main(context, words, streams))
}

async function main(context: CommandContext, words: readonly string[], streams: JavaStreams): Promise<void> {
  const found = parseArguments(words, DEFINITION)
  const isConfigured = ['--producer-props', '--producer.config', '--bootstrap-server'].some((flag) =>
    found.has(flag),
  )
  if (!isConfigured) {
    const message = 'Either --producer-props or --producer.config must be specified.'
    throw argparseError(DEFINITION, message)
  }
  const values = payloadFile(found, streams)
  const properties = propertiesOf(found)
  const settings = producerFrom(properties)
  const payloads = payloadsFrom(found, values)
  const { bootstrap, ...client } = settings.client
  if (bootstrap === undefined || bootstrap.length === 0)
    throw kafkaConfigException('No resolvable bootstrap urls given in bootstrap.servers')
  const { timeoutMs, version, signal } = context
  const target = await openTarget(
    { 'bootstrap-server': properties['bootstrap.servers'] },
    { timeoutMs, version, signal },
  )
  try {
    const producer = new Producer(optionsWith(target, client), {
      ...settings.producer,
      allowAutoCreate: true,
    })
    await send(context, found, payloads, producer, streams)
  } finally {
    await target.close()
  }
}

async function send(
  context: CommandContext,
  found: ArgparseResult,
  payloads: Payloads,
  producer: Producer,
  { out, err }: JavaStreams,
): Promise<void> {
  const { clock, signal } = context
  const records = found.number('--num-records') ?? 0
  if (records === 0) throw new JavaException('java.lang.ArithmeticException', '/ by zero')
  const topic = found.value('--topic') ?? ''
  const throughput = found.number('--throughput') ?? -1
  const perSecond = throughput > 0 ? throughput : Number.POSITIVE_INFINITY
  const onError = (error: Error) => err(`${exceptionOf(error)}\n`)
  try {
    const stats = new SendStats(records, clock.nowMs(), (window) => out(windowLine(window)))
    try {
      await producer.prepare(topic)
      await sendLoad(clock, producer, stats, { topic, records, payloads, perSecond, onError, signal })
    } catch (error) {
      onError(error as Error)
    }
    await producer.flush()
    out(totalLine(stats.totals(clock.nowMs())))
    if (found.has('--print-metrics')) out(metricsText(producer.metrics()))
  } finally {
    producer.abandon()
  }
}

function windowLine(window: SendWindow): string {
  const { records, totalLatencyMs, maxLatencyMs } = window
  const rates = `${perSecondOf(window).toFixed(1)} records/sec (${megabytesOf(window)} MB/sec)`
  const latencies = `${(totalLatencyMs / records).toFixed(1)} ms avg latency, ${maxLatencyMs.toFixed(1)} ms max latency`
  return `${records} records sent, ${rates}, ${latencies}.\n`
}

function totalLine(totals: SendTotals): string {
  const { records, totalLatencyMs, maxLatencyMs, p50Ms, p95Ms, p99Ms, p999Ms } = totals
  const rates = `${perSecondOf(totals).toFixed(6)} records/sec (${megabytesOf(totals)} MB/sec)`
  const latencies = `${(totalLatencyMs / records).toFixed(2)} ms avg latency, ${maxLatencyMs.toFixed(2)} ms max latency`
  const shares = `${p50Ms} ms 50th, ${p95Ms} ms 95th, ${p99Ms} ms 99th, ${p999Ms} ms 99.9th`
  return `${records} records sent, ${rates}, ${latencies}, ${shares}.\n`
}

function perSecondOf({ records, elapsedMs }: SendWindow): number {
  return (1000 * records) / elapsedMs
}

function megabytesOf({ bytes, elapsedMs }: SendWindow): string {
  return ((1000 * bytes) / elapsedMs / (1024 * 1024)).toFixed(2)
}

/** ProducerPerformance.readPayloadFile: what stands between the delimiters; undefined when there is no file. */
function payloadFile(found: ArgparseResult, { out }: JavaStreams): Buffer[] | undefined {
  const path = found.value('--payload-file')
  if (path === undefined) return undefined
  out(`Reading payloads from: ${resolve(path)}\n`)
  const text = nodeFileSystem.existsSync(path) ? readTextFile(path) : ''
  if (text === '') throw illegalArgument('File does not exist or empty file provided.')
  const delimiter = found.value('--payload-delimiter') ?? '\\n'
  const pieces = text.split(new RegExp(delimiter))
  // A delimiter at either end stands before and behind nothing.
  if (pieces.length > 1 && pieces[0] === '') pieces.shift()
  if (pieces.at(-1) === '') pieces.pop()
  out(`Number of messages read: ${pieces.length}\n`)
  return pieces.map((piece) => Buffer.from(piece))
}

function payloadsFrom(found: ArgparseResult, values: readonly Buffer[] | undefined): Payloads {
  if (values !== undefined) return payloadsOf(systemRandom, values)
  const sizeBytes = found.number('--record-size')
  if (sizeBytes === undefined) return numberPayloads
  if (sizeBytes < 0) throw new JavaException('java.lang.NegativeArraySizeException', String(sizeBytes))
  return randomPayloads(systemRandom, sizeBytes)
}

/** ProducerPerformance.readProps */
function propertiesOf(found: ArgparseResult): Record<string, string> {
  const properties: Record<string, string> = {
    'client.id': 'perf-producer-client',
    ...loadProperties(found.value('--producer.config'), '--producer.config'),
  }
  for (const word of found.values('--producer-props') ?? []) {
    const [key, value, ...more] = javaSplit(word, /=/)
    if (key === undefined || value === undefined || more.length > 0)
      throw illegalArgument(`Invalid property: ${word}`)
    properties[key] = value
  }
  const bootstrap = found.value('--bootstrap-server')
  if (bootstrap !== undefined) properties['bootstrap.servers'] = bootstrap
  if ((found.number('--transaction-duration-ms') ?? 0) > 0)
    properties['transactional.id'] = found.value('--transactional-id') ?? 'performance-producer'
  return properties
}

function kafkaConfigException(message: string): JavaException {
  return new JavaException('org.apache.kafka.common.config.ConfigException', message)
}

function exceptionOf(error: unknown): JavaException | string {
  if (error instanceof ClientError && error.code === 'KCLI_RECORD_TOO_LARGE')
    return new JavaException('org.apache.kafka.common.errors.RecordTooLargeException', error.message)
  return asKafkaException(error, '') ?? messageOf(error)
}
