import {
  BrokerError,
  type CommittedOffset,
  Consumer,
  type ConsumerRecord,
  type ConsumerSettings,
  type TopicPartition,
  WakeupError,
} from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { requireAddresses } from '../addresses.ts'
import type { ArgparseDefinition, ArgparseResult } from '../argparse.ts'
import { consumerFrom } from '../client-properties.ts'
import { asKafkaException } from '../java-errors.ts'
import { javaHashOrder, partitionHash } from '../java-hash-order.ts'
import type { ProgramStreams } from '../java-program.ts'
import { NEWER_ARGUMENTS } from '../newer-spellings.ts'
import { HELP, USAGE } from './consumer-help.ts'
import { propertiesOf, runVerifiable, withClient } from './invocation.ts'
import { JsonEvents } from './json-events.ts'

export const DEFINITION: ArgparseDefinition = {
  program: 'verifiable-consumer',
  newer: NEWER_ARGUMENTS['kafka-verifiable-consumer'],
  arguments: [
    { flag: '--bootstrap-server', type: 'String' },
    { flag: '--broker-list', type: 'String' },
    { flag: '--topic', type: 'String' },
    { flag: '--group-protocol', type: 'String' },
    { flag: '--group-remote-assignor', type: 'String' },
    { flag: '--group-id', type: 'String' },
    { flag: '--group-instance-id', type: 'String' },
    { flag: '--max-messages', type: 'Integer' },
    { flag: '--session-timeout', type: 'Integer' },
    { flag: '--verbose', type: 'flag' },
    { flag: '--enable-autocommit', type: 'flag' },
    { flag: '--reset-policy', type: 'String' },
    { flag: '--assignment-strategy', type: 'String' },
    { flag: '--consumer.config', type: 'String' },
  ],
  required: ['--group-id', '--topic'],
  oneOf: ['--bootstrap-server', '--broker-list'],
  usage: USAGE,
  help: HELP,
}

/** How long one poll waits; Kafka's tool waits for ever, which is the same for all who look. */
const POLL_MS = 60_000

/**
 * Kafka's kafka-verifiable-consumer (org.apache.kafka.tools.VerifiableConsumer): reads a topic as a member of a group and
 * tells, as lines of JSON, what it was assigned, what it read and what it committed. A signal ends it in order.
 */
export function kafkaVerifiableConsumer(
  context: CommandContext,
  words: readonly string[],
): Promise<number | undefined> {
  return runVerifiable(context, words, DEFINITION, async ({ found, bootstrap, streams }) => {
    const settings = settingsOf(found, bootstrap)
    requireAddresses(bootstrap, 'Failed to construct kafka consumer')
    await withClient(context, bootstrap, settings.client, (options) =>
      new VerifiableConsumer(context, found, new Consumer(options, settings.consumer), streams).run(),
    )
  })
}

/** VerifiableConsumer.createFromArgs: the flags win over the file. */
function settingsOf(found: ArgparseResult, bootstrap: string): ConsumerSettings {
  const protocol = found.value('--group-protocol') ?? 'classic'
  const assignor = found.value('--group-remote-assignor')
  return consumerFrom({
    ...propertiesOf(found, '--consumer.config', DEFINITION),
    ...(protocol.toLowerCase() === 'consumer'
      ? { 'group.protocol': protocol, ...(assignor !== undefined && { 'group.remote.assignor': assignor }) }
      : {
          'partition.assignment.strategy':
            found.value('--assignment-strategy') ?? 'org.apache.kafka.clients.consumer.RangeAssignor',
        }),
    'group.id': found.value('--group-id'),
    ...(found.has('--group-instance-id') && { 'group.instance.id': found.value('--group-instance-id') }),
    'bootstrap.servers': bootstrap,
    'enable.auto.commit': found.has('--enable-autocommit'),
    'auto.offset.reset': found.value('--reset-policy') ?? 'earliest',
    'session.timeout.ms': found.value('--session-timeout') ?? '30000',
  })
}

class VerifiableConsumer {
  private readonly consumer: Consumer
  private readonly signal: AbortSignal
  private readonly streams: ProgramStreams
  private readonly events: JsonEvents
  private readonly topic: string
  private readonly maxMessages: number
  private readonly isVerbose: boolean
  private readonly commits: boolean
  private consumed = 0

  constructor(context: CommandContext, found: ArgparseResult, consumer: Consumer, streams: ProgramStreams) {
    this.consumer = consumer
    this.signal = context.signal
    this.streams = streams
    this.events = new JsonEvents(context.clock, streams.out)
    this.topic = found.value('--topic') ?? ''
    const maxMessages = found.number('--max-messages') ?? -1
    this.maxMessages = maxMessages < 0 ? Number.POSITIVE_INFINITY : maxMessages
    this.isVerbose = found.has('--verbose')
    this.commits = !found.has('--enable-autocommit')
  }

  async run(): Promise<void> {
    const { consumer, events, signal, streams } = this
    const wake = () => consumer.wakeup()
    signal.addEventListener('abort', wake)
    events.say('startup_complete')
    try {
      consumer.subscribe([this.topic], {
        listener: {
          onPartitionsAssigned: (partitions) => this.tellPartitions('partitions_assigned', partitions),
          onPartitionsRevoked: (partitions) => this.tellPartitions('partitions_revoked', partitions),
        },
      })
      while (this.consumed < this.maxMessages && !signal.aborted) {
        const records = await consumer.poll(POLL_MS)
        if (records.length === 0) continue
        const offsets = this.take(records)
        if (this.commits) await this.commit(offsets)
        await streams.waiting
      }
    } catch (error) {
      // Kafka's tool ends with exit code 0 after an error, too: it says what happened, and that is its work.
      if (!(error instanceof WakeupError)) {
        streams.err(
          `Error during processing, terminating consumer process: ${asKafkaException(error, '') ?? error}\n`,
        )
      }
    } finally {
      signal.removeEventListener('abort', wake)
      await consumer.close()
      events.say('shutdown_complete')
    }
  }

  private tellPartitions(name: string, partitions: readonly TopicPartition[]): void {
    this.events.say(name, {
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
    })
  }

  /** Tells of the records, as many of them as are wanted, and gives the offsets behind them. */
  private take(records: readonly ConsumerRecord[]): CommittedOffset[] {
    const offsets: CommittedOffset[] = []
    const summaries: object[] = []
    for (const group of byPartition(records)) {
      const wanted = group.slice(0, this.maxMessages - this.consumed)
      const [first] = wanted
      const last = wanted.at(-1)
      if (first === undefined || last === undefined) break
      const { topic, partition } = first
      offsets.push({ topic, partition, offset: last.offset + 1 })
      summaries.push({
        topic,
        partition,
        count: wanted.length,
        minOffset: first.offset,
        maxOffset: last.offset,
      })
      if (this.isVerbose) for (const record of wanted) this.tellRecord(record)
      this.consumed += wanted.length
    }
    this.events.say('records_consumed', { count: records.length, partitions: summaries })
    return offsets
  }

  private tellRecord({ key, value, topic, partition, offset }: ConsumerRecord): void {
    this.events.say('record_data', { key: textOf(key), value: textOf(value), topic, partition, offset })
  }

  private async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    const shown = offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    const tell = (result: object) => this.events.say('offsets_committed', { offsets: shown, ...result })
    try {
      await this.consumer.commitSync(offsets)
      tell({ success: true })
    } catch (error) {
      // What was read is committed, then it ends.
      if (error instanceof WakeupError) await this.commit(offsets)
      const isFenced = error instanceof BrokerError && error.errorName === 'FENCED_INSTANCE_ID'
      if (error instanceof WakeupError || isFenced) throw error
      const text = asKafkaException(error, '')?.text
      tell({ ...(text !== null && { error: text ?? String(error) }), success: false })
    }
  }
}

/** In the order of the map in which Kafka's consumer gives them (org.apache.kafka.clients.consumer.ConsumerRecords). */
function byPartition(records: readonly ConsumerRecord[]): ConsumerRecord[][] {
  const groups = new Map<number, ConsumerRecord[]>()
  for (const record of records) {
    const group = groups.get(record.partition)
    if (group === undefined) groups.set(record.partition, [record])
    else group.push(record)
  }
  const partitionOf = ([first]: readonly ConsumerRecord[]) => (first === undefined ? 0 : partitionHash(first))
  return javaHashOrder([...groups.values()], partitionOf)
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
