import { type Clock, sleep } from '../../../base/clock.ts'
import { JavaException } from '../../../base/java-exception.ts'
import { ClientError, type DeliveryCallback, Producer, type ProducerRecord } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { untilAborted } from '../../until-aborted.ts'
import { requireAddresses } from '../addresses.ts'
import type { ArgparseDefinition, ArgparseResult } from '../argparse.ts'
import { producerFrom } from '../client-properties.ts'
import { asKafkaException } from '../java-errors.ts'
import type { ProgramStreams } from '../java-program.ts'
import { NEWER_ARGUMENTS } from '../newer-spellings.ts'
import { propertiesOf, runVerifiable, withClient } from './invocation.ts'
import { JsonEvents } from './json-events.ts'
import { HELP, USAGE } from './producer-help.ts'

export const DEFINITION: ArgparseDefinition = {
  program: 'verifiable-producer',
  newer: NEWER_ARGUMENTS['kafka-verifiable-producer'],
  arguments: [
    { flag: '--topic', type: 'String' },
    { flag: '--bootstrap-server', type: 'String' },
    { flag: '--broker-list', type: 'String' },
    { flag: '--max-messages', type: 'Integer' },
    { flag: '--throughput', type: 'Integer' },
    { flag: '--acks', type: 'Integer', choices: ['0', '1', '-1'] },
    { flag: '--producer.config', type: 'String' },
    { flag: '--message-create-time', type: 'Long' },
    { flag: '--value-prefix', type: 'Integer' },
    { flag: '--repeating-keys', type: 'Integer' },
  ],
  required: ['--topic'],
  oneOf: ['--bootstrap-server', '--broker-list'],
  usage: USAGE,
  help: HELP,
}

/** Records between two turns of the loop, in which what the brokers said is told. */
const TURN_RECORDS = 500
/** max.block.ms */
const DEFAULT_MAX_BLOCK_MS = 60_000
/** So soon a signal is seen. */
const LONGEST_PAUSE_MS = 100

/**
 * Kafka's kafka-verifiable-producer (org.apache.kafka.tools.VerifiableProducer): sends increasing numbers and says of each,
 * as a line of JSON, whether it was stored. A signal ends it when what was sent is told.
 */
export function kafkaVerifiableProducer(
  context: CommandContext,
  words: readonly string[],
): Promise<number | undefined> {
  return runVerifiable(context, words, DEFINITION, async ({ found, bootstrap, streams }) => {
    const { client, producer: config } = producerFrom({
      'bootstrap.servers': bootstrap,
      acks: found.value('--acks') ?? '-1',
      // What is told to have failed must not come after all.
      retries: '0',
      ...propertiesOf(found, '--producer.config', DEFINITION),
    })
    requireAddresses(bootstrap, 'Failed to construct kafka producer')
    await withClient(context, bootstrap, client, async (options) => {
      const producer = new Producer(options, { ...config, allowAutoCreate: true })
      const { maxBlockMs = DEFAULT_MAX_BLOCK_MS } = config
      try {
        await new VerifiableProducer(context, found, { producer, maxBlockMs }, streams).run()
      } finally {
        producer.abandon()
      }
    })
  })
}

class VerifiableProducer {
  private readonly clock: Clock
  private readonly signal: AbortSignal
  private readonly producer: Producer
  private readonly streams: ProgramStreams
  private readonly events: JsonEvents
  private readonly topic: string
  private readonly maxBlockMs: number
  private readonly maxMessages: number
  private readonly throughput: number
  private readonly valuePrefix: string
  private readonly repeatingKeys: number | undefined
  private readonly startMs: number
  private createTimeMs: number | undefined
  private sent = 0
  private acked = 0
  private isFull = false

  constructor(
    context: CommandContext,
    found: ArgparseResult,
    { producer, maxBlockMs }: { readonly producer: Producer; readonly maxBlockMs: number },
    streams: ProgramStreams,
  ) {
    this.clock = context.clock
    this.signal = context.signal
    this.producer = producer
    this.streams = streams
    this.events = new JsonEvents(context.clock, streams.out)
    this.topic = found.value('--topic') ?? ''
    this.maxBlockMs = maxBlockMs
    const maxMessages = found.number('--max-messages') ?? -1
    this.maxMessages = maxMessages < 0 ? Number.POSITIVE_INFINITY : maxMessages
    this.throughput = found.number('--throughput') ?? -1
    const prefix = found.number('--value-prefix')
    this.valuePrefix = prefix === undefined ? '' : `${prefix}.`
    this.repeatingKeys = found.number('--repeating-keys')
    this.startMs = context.clock.nowMs()
    const createTimeMs = found.number('--message-create-time') ?? -1
    this.createTimeMs = createTimeMs === -1 ? undefined : createTimeMs
  }

  async run(): Promise<void> {
    const { clock, events, throughput, producer } = this
    events.say('startup_complete')
    for (let i = 0; i < this.maxMessages && !this.signal.aborted; i++) {
      await this.send(this.keyOf(i), `${this.valuePrefix}${i}`)
      await this.throttle(i)
      if (i % TURN_RECORDS === TURN_RECORDS - 1) await this.turn()
    }
    await producer.flush()
    await producer.close()
    events.say('shutdown_complete')
    const { sent, acked } = this
    const perSecond = (1000 * acked) / (clock.nowMs() - this.startMs)
    events.sayWithDouble(
      'tool_data',
      { sent, acked, target_throughput: throughput },
      'avg_throughput',
      perSecond,
    )
  }

  /** 0, 1, … up to what was asked for, and again; null where no keys were asked for. */
  private keyOf(i: number): string | null {
    const { repeatingKeys } = this
    if (repeatingKeys === undefined) return null
    return String(repeatingKeys > 0 ? i % repeatingKeys : i)
  }

  private async send(key: string | null, value: string): Promise<void> {
    const { clock, producer, topic } = this
    const record: ProducerRecord = {
      topic,
      key,
      value,
      ...(this.createTimeMs !== undefined && { timestampMs: this.createTimeMs }),
    }
    // Each is as much later than the one before as this program is old (VerifiableProducer.send).
    if (this.createTimeMs !== undefined) this.createTimeMs += clock.nowMs() - this.startMs
    this.sent++
    const callback: DeliveryCallback = (error, stored) => {
      if (stored === null) this.failed(key, value, error)
      else {
        const { offset, partition } = stored
        this.acked++
        this.events.say('producer_send_success', { key, value, offset, topic, partition })
      }
    }
    try {
      await this.appendLater(producer, record, callback)
    } catch (error) {
      this.failed(key, value, error)
    }
  }

  private async appendLater(
    producer: Producer,
    record: ProducerRecord,
    callback: DeliveryCallback,
  ): Promise<void> {
    if (this.isFull) await producer.ready()
    try {
      this.isFull = !producer.append(record, callback)
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'KCLI_NOT_PREPARED') throw error
      await this.prepare()
      this.isFull = !producer.append(record, callback)
    }
  }

  /** Waits for a broker as long as max.block.ms allows (KafkaProducer.waitOnMetadata). */
  private async prepare(): Promise<void> {
    const { clock, topic, maxBlockMs } = this
    const deadlineMs = clock.monotonicMs() + maxBlockMs
    for (;;) {
      try {
        await this.producer.prepare(topic)
        return
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== 'KCLI_UNREACHABLE') throw error
        if (clock.monotonicMs() >= deadlineMs || this.signal.aborted) {
          const text = `Topic ${topic} not present in metadata after ${maxBlockMs} ms.`
          throw new JavaException('org.apache.kafka.common.errors.TimeoutException', text, error)
        }
        await sleep(clock, Math.min(LONGEST_PAUSE_MS, Math.max(0, deadlineMs - clock.monotonicMs())))
      }
    }
  }

  private failed(key: string | null, value: string, error: unknown): void {
    const exception = asKafkaException(error, '')
    const className = exception?.className ?? 'org.apache.kafka.common.KafkaException'
    const message = exception === undefined ? String(error) : exception.text
    const { topic } = this
    this.events.say('producer_send_error', { key, value, topic, exception: `class ${className}`, message })
  }

  /** org.apache.kafka.server.util.ThroughputThrottler; a throughput of 0 waits for the signal. */
  private async throttle(sent: number): Promise<void> {
    const { clock, throughput, signal } = this
    if (throughput < 0) return
    if (throughput === 0) return untilAborted(signal)
    const dueMs = this.startMs + ((sent + 1) * 1000) / throughput
    for (let leftMs = dueMs - clock.nowMs(); leftMs >= 1 && !signal.aborted; leftMs = dueMs - clock.nowMs())
      await sleep(clock, Math.min(leftMs, LONGEST_PAUSE_MS))
  }

  /** Lets the loop send and take what there is; waits for who reads what is printed. */
  private async turn(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.defer(resolve))
    await this.streams.waiting
  }
}
