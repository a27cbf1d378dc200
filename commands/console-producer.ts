import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'
import { kafkaProducerArgv } from '../src/cli/console/producer-argv.ts'
import { listFlag } from '../src/cli/flags.ts'

const number = (value: number, summary: string) => Flags.integer({ default: value, helpValue: 'N', summary })

export default class ConsoleProducer extends BaseCommand {
  static override summary = "Kafka's kafka-console-producer: its flags and defaults"
  static override usage = '--topic TOPIC [FLAGS]'
  static override examples = [
    'echo hello | <%= config.bin %> console-producer --topic orders',
    "printf 'k\\tv\\n' | <%= config.bin %> console-producer --topic orders --property parse.key=true",
  ]
  static override flags = {
    topic: Flags.string({ required: true, helpValue: 'TOPIC', summary: 'The topic.' }),
    sync: Flags.boolean({ summary: 'Wait for each record before the next one.' }),
    'compression-codec': Flags.string({
      helpValue: 'CODEC',
      summary: 'none, gzip, snappy, lz4, zstd; gzip when no codec follows.',
    }),
    'batch-size': number(16_384, 'Bytes in a batch.'),
    'max-partition-memory-bytes': Flags.integer({ helpValue: 'N', summary: 'The same; this one wins.' }),
    'max-memory-bytes': number(33_554_432, 'Memory for records that wait.'),
    'message-send-max-retries': number(3, 'Accepted; an idempotent producer tries until its time is over.'),
    'retry-backoff-ms': number(100, 'Accepted.'),
    timeout: number(1_000, "Wait this long for a batch to fill (Kafka's linger.ms)."),
    'request-required-acks': Flags.string({ default: '-1', summary: '0, 1, -1 or all.' }),
    'request-timeout-ms': number(1_500, 'How long a request may take.'),
    'metadata-expiry-ms': number(300_000, 'Accepted.'),
    'max-block-ms': number(60_000, 'How long to wait for memory.'),
    'socket-buffer-size': number(102_400, 'Accepted.'),
    'line-reader': Flags.string({ helpValue: 'CLASS', summary: 'LineMessageReader.' }),
    property: listFlag({
      helpValue: 'KEY=VALUE',
      summary: 'For the reader: parse.key=true, key.separator=: …',
    }),
    'reader-config': Flags.string({ helpValue: 'FILE', summary: 'A property file for the reader.' }),
    'producer-property': listFlag({ helpValue: 'KEY=VALUE', summary: 'For the producer.' }),
    'producer.config': Flags.string({ helpValue: 'FILE', summary: 'A property file for the producer.' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ConsoleProducer, kafkaProducerArgv(this.argv))
    const { timeout: _lingerMs, ...global } = flags
    await this.serveRecords(global, async (context) => {
      const { consoleProducerOptions } = await import('../src/cli/console/producer-flags.ts')
      const { produce } = await import('../src/cli/services/produce.ts')
      return produce(context, consoleProducerOptions(flags))
    })
  }
}
