import { JavaException } from '../../base/java-exception.ts'
import { systemRandom } from '../../base/random.ts'
import { Consumer, type ConsumerRecord, Producer } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { JavaExit, type JavaStreams } from '../jopt/java-main.ts'
import { openTarget, optionsWith, type Target } from '../target.ts'
import { requireAddresses } from './addresses.ts'
import { consumerFrom, loadProperties, producerFrom } from './client-properties.ts'
import { type LatencySettings, latencySettings } from './e2e-latency-settings.ts'
import { asKafkaException, executionException } from './java-errors.ts'
import { javaDouble } from './java-lang.ts'
import { runProgram } from './java-program.ts'

const POLL_TIMEOUT_MS = 60_000
/** A line of progress for each so many records. */
const REPORT_RECORDS = 1000

/**
 * Kafka's kafka-e2e-latency (org.apache.kafka.tools.EndToEndLatency): how long a record takes from a producer through the
 * brokers to a consumer, one at a time.
 */
export async function kafkaE2eLatency(
  context: CommandContext,
  words: readonly string[],
): Promise<number | undefined> {
  const code = await runProgram(context, async (streams) => {
    try {
      await measureLatency(context, latencySettings(words), streams)
    } catch (error) {
      const exception = asKafkaException(error, '')
      if (exception === undefined) throw error
      throw new JavaExit(1, { err: `${exception.text}\n${exception}\n\n` })
    }
  })
  return context.signal.aborted ? undefined : code
}

async function measureLatency(
  context: CommandContext,
  settings: LatencySettings,
  streams: JavaStreams,
): Promise<void> {
  const { bootstrap, topic, acks, file } = settings
  const properties = { ...loadProperties(file, 'the properties file'), 'bootstrap.servers': bootstrap }
  requireAddresses(bootstrap, 'Failed to construct kafka consumer')
  const consuming = consumerFrom({
    ...properties,
    'group.id': `test-group-${context.clock.nowMs()}`,
    'enable.auto.commit': 'false',
    'auto.offset.reset': 'latest',
    // What is there is to be given at once.
    'fetch.max.wait.ms': '0',
  })
  const producing = producerFrom({ ...properties, 'linger.ms': '0', acks })
  const { timeoutMs, version, signal } = context
  const target = await openTarget({ 'bootstrap-server': bootstrap }, { timeoutMs, version, signal })
  const consumer = new Consumer(optionsWith(target, consuming.client), consuming.consumer)
  const producer = new Producer(optionsWith(target, producing.client), {
    ...producing.producer,
    maxBlockMs: Number.MAX_SAFE_INTEGER,
  })
  try {
    await requireTopic(target, consumer, topic, streams)
    const partitions = await consumer.partitionsOf(topic)
    consumer.assign(partitions.map((partition) => ({ topic, partition, from: 'latest' })))
    await consumer.begin()
    const latenciesMs = await exchange(context, settings, producer, consumer, streams)
    if (latenciesMs !== undefined) {
      printResults(latenciesMs, streams)
      await consumer.commitSync()
    }
  } finally {
    await producer.close()
    await consumer.close()
    await target.close()
  }
}

async function requireTopic(
  { admin }: Target,
  consumer: Consumer,
  topic: string,
  { out }: JavaStreams,
): Promise<void> {
  if ((await consumer.listTopics()).has(topic)) return
  out(`Topic "${topic}" does not exist. Will create topic with 1 partition(s) and replication factor = 1\n`)
  try {
    const [created] = await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1 }])
    if (created?.error) throw created.error
  } catch (error) {
    out(`Creation of topic ${topic} failed\n`)
    const exception = executionException(error)
    throw new JavaException('java.lang.RuntimeException', `${exception}`, exception)
  }
}

/** Undefined when the user wanted it to end. */
async function exchange(
  { clock, signal }: CommandContext,
  settings: LatencySettings,
  producer: Producer,
  consumer: Consumer,
  { out }: JavaStreams,
): Promise<Float64Array | undefined> {
  const { topic, records } = settings
  if (records < 0) throw new JavaException('java.lang.NegativeArraySizeException', String(records))
  const latenciesMs = new Float64Array(records)
  for (let i = 0; i < records && !signal.aborted; i++) {
    const record = recordOf(topic, settings)
    const startMs = clock.monotonicMs()
    await producer.send(record).catch((error: unknown) => {
      throw executionException(error)
    })
    const received = await consumer.poll(POLL_TIMEOUT_MS)
    const elapsedMs = clock.monotonicMs() - startMs
    await check(consumer, record, received)
    // To the nanosecond, as Java's clock counts.
    if (i % REPORT_RECORDS === 0) out(`${i}\t${javaDouble(Math.round(elapsedMs * 1e6) / 1e6)}\n`)
    latenciesMs[i] = elapsedMs
  }
  return signal.aborted ? undefined : latenciesMs
}

interface Sent {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

function recordOf(topic: string, settings: LatencySettings): Sent {
  const { sizeBytes, keySizeBytes, headers } = settings
  if (sizeBytes < 0) throw new JavaException('java.lang.NegativeArraySizeException', String(sizeBytes))
  const letters = (length: number) => Buffer.alloc(length, 65 + systemRandom.int(26))
  return {
    topic,
    key: keySizeBytes === 0 ? null : letters(keySizeBytes),
    value: letters(sizeBytes),
    headers: Array.from({ length: headers.count }, () => ({
      key: letters(headers.keySizeBytes).toString(),
      value: headers.valueSizeBytes < 0 ? null : letters(headers.valueSizeBytes),
    })),
  }
}

/** EndToEndLatency.validate */
async function check(consumer: Consumer, sent: Sent, received: readonly ConsumerRecord[]): Promise<void> {
  const problem = problemOf(sent, received)
  if (problem === undefined) return
  await consumer.commitSync()
  throw new JavaException('java.lang.RuntimeException', problem)
}

function problemOf(sent: Sent, received: readonly ConsumerRecord[]): string | undefined {
  const [first] = received
  if (first === undefined) return `poll() timed out before finding a result (timeout:[${POLL_TIMEOUT_MS}])`
  const read = textOf(first.value)
  if (read !== textOf(sent.value))
    return `The message read [${read}] did not match the message sent [${textOf(sent.value)}]`
  if (textOf(first.key) !== textOf(sent.key))
    return `The key read [${textOf(first.key)}] did not match the key sent [${textOf(sent.key)}]`
  const headersRead = first.headers.map(({ key, value }) => `${key}=${textOf(value)}`).join()
  const headersSent = sent.headers.map(({ key, value }) => `${key}=${textOf(value)}`).join()
  if (headersRead !== headersSent)
    return `The headers read [${headersRead}] did not match the headers sent [${headersSent}]`
  return received.length === 1
    ? undefined
    : `Only one result was expected during this test. We found [${received.length}]`
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString()
}

function printResults(latenciesMs: Float64Array, { out }: JavaStreams): void {
  const { length } = latenciesMs
  const average = latenciesMs.reduce((sum, each) => sum + each, 0) / length
  out(`Avg latency: ${Number.isNaN(average) ? 'NaN' : average.toFixed(4)} ms\n`)
  if (length === 0)
    throw new JavaException('java.lang.ArrayIndexOutOfBoundsException', 'Index 0 out of bounds for length 0')
  latenciesMs.sort()
  const at = (share: number) => Math.floor(latenciesMs[Math.floor(length * share)] ?? 0)
  out(`Percentiles: 50th = ${at(0.5)}, 99th = ${at(0.99)}, 99.9th = ${at(0.999)}\n`)
}
