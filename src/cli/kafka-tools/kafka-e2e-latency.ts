import { JavaException } from '../../base/java-exception.ts'
import { systemRandom } from '../../base/random.ts'
import { Consumer, type ConsumerRecord, Producer } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { JavaExit, type JavaStreams } from '../jopt/java-main.ts'
import { openTarget, optionsWith, type Target } from '../target.ts'
import { requireAddresses } from './addresses.ts'
import { consumerFrom, loadProperties, producerFrom } from './client-properties.ts'
import { asKafkaException, executionException } from './java-errors.ts'
import { illegalArgument, javaDouble, javaInt } from './java-lang.ts'
import { runProgram } from './java-program.ts'

const USAGE =
  'USAGE: java org.apache.kafka.tools.EndToEndLatency broker_list topic num_messages producer_acks message_size_bytes [optional] properties_file\n'
const POLL_TIMEOUT_MS = 60_000
/** A line of progress for each so many records. */
const REPORT_RECORDS = 1000

interface Settings {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly acks: string
  readonly sizeBytes: number
  readonly file: string | undefined
}

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
      await measureLatency(context, settingsFrom(words), streams)
    } catch (error) {
      const exception = asKafkaException(error, '')
      if (exception === undefined) throw error
      throw new JavaExit(1, { err: `${exception.text}\n${exception}\n\n` })
    }
  })
  return context.signal.aborted ? undefined : code
}

function settingsFrom(words: readonly string[]): Settings {
  const [bootstrap = '', topic = '', records = '', acks = '', size = '', file = ''] = words
  if (words.length !== 5 && words.length !== 6) throw new JavaExit(1, { err: USAGE })
  const counts = { records: javaInt(records), sizeBytes: javaInt(size) }
  if (acks !== '1' && acks !== 'all')
    throw illegalArgument('Latency testing requires synchronous acknowledgement. Please use 1 or all')
  return { bootstrap, topic, ...counts, acks, file: file.trim() === '' ? undefined : file }
}

async function measureLatency(
  context: CommandContext,
  settings: Settings,
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
  { topic, records, sizeBytes }: Settings,
  producer: Producer,
  consumer: Consumer,
  { out }: JavaStreams,
): Promise<Float64Array | undefined> {
  if (records < 0) throw new JavaException('java.lang.NegativeArraySizeException', String(records))
  const latenciesMs = new Float64Array(records)
  for (let i = 0; i < records && !signal.aborted; i++) {
    if (sizeBytes < 0) throw new JavaException('java.lang.NegativeArraySizeException', String(sizeBytes))
    const value = Buffer.alloc(sizeBytes, 65 + systemRandom.int(26))
    const startMs = clock.monotonicMs()
    await producer.send({ topic, value }).catch((error: unknown) => {
      throw executionException(error)
    })
    const received = await consumer.poll(POLL_TIMEOUT_MS)
    const elapsedMs = clock.monotonicMs() - startMs
    await check(consumer, value, received)
    if (i % REPORT_RECORDS === 0) out(`${i}\t${javaDouble(elapsedMs)}\n`)
    latenciesMs[i] = elapsedMs
  }
  return signal.aborted ? undefined : latenciesMs
}

/** EndToEndLatency.validate */
async function check(consumer: Consumer, sent: Buffer, received: readonly ConsumerRecord[]): Promise<void> {
  const [first] = received
  const read = Buffer.from(first?.value ?? []).toString()
  const problem =
    first === undefined
      ? `poll() timed out before finding a result (timeout:[${POLL_TIMEOUT_MS}])`
      : read !== sent.toString()
        ? `The message read [${read}] did not match the message sent [${sent}]`
        : received.length !== 1
          ? `Only one result was expected during this test. We found [${received.length}]`
          : undefined
  if (problem === undefined) return
  await consumer.commitSync()
  throw new JavaException('java.lang.RuntimeException', problem)
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
