import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../src/cli/base-command.ts'
import { kafkaProducerArgv } from '../src/cli/console/producer-argv.ts'
import { listFlag } from '../src/cli/flags.ts'

const number = (summary: string) => Flags.integer({ helpValue: 'N', summary })

export default class ConsoleProducer extends BaseCommand {
  static override summary = "Kafka's kafka-console-producer: its flags and defaults"
  static override effect = 'changes' as const
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
    'batch-size': number('Bytes in a batch (default 16384).'),
    'max-partition-memory-bytes': number('The same; this one wins.'),
    'max-memory-bytes': number('Memory for records that wait (default 33554432).'),
    'message-send-max-retries': number('Send a batch again so often; without it, until its time is over.'),
    'retry-backoff-ms': number('How long to wait before that (default 100).'),
    timeout: number("Wait this long for a batch to fill (Kafka's linger.ms, default 1000)."),
    'request-required-acks': Flags.string({ helpValue: 'ACKS', summary: '0, 1, -1 or all (default).' }),
    'request-timeout-ms': number('How long a request may take (default 1500).'),
    'metadata-expiry-ms': number('How old metadata may become (default 300000).'),
    'max-block-ms': number('How long to wait for memory (default 60000).'),
    'socket-buffer-size': number('Bytes of the socket; without it, what the system takes.'),
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
      const warn = (message: string) => context.out.warn(message)
      const given = await context.properties('producer')
      return produce(context, consoleProducerOptions(flags, warn, given))
    })
  }
}
