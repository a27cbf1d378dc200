import { KcliError } from '../../base/errors.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import {
  DEFAULT_DECODER,
  type DumpLogOptions,
  dumpLogSegments,
  splitCommas,
} from '../../inspect/dump-log/index.ts'
import type { CommandContext } from '../context.ts'
import { checkRequiredArgs, DEFAULT_OPTIONS, javaMain, maybePrintHelpOrVersion } from '../jopt/java-main.ts'
import { OptionParser, type OptionSet, type OptionSpec } from '../jopt/option-parser.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'

const DECODER_CLASS =
  'This class should implement org.apache.kafka.tools.api.Decoder trait. Custom jar should be available in kafka/libs directory.'
const optionalDecoder = { isRequired: false, defaults: [DEFAULT_DECODER] }
const size = (standard: number) =>
  ({ isRequired: true, type: 'Integer', describedAs: 'size', defaults: [standard] }) as const

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  flag(
    'print-data-log',
    'If set, printing the messages content when dumping data logs. Automatically set if any decoder option is specified.',
  ),
  flag('verify-index-only', 'If set, just verify the index log without printing its content.'),
  flag(
    'index-sanity-check',
    'If set, just checks the index sanity without printing its content. This is the same check that is executed on broker startup to determine if an index needs rebuilding or not.',
  ),
  {
    names: ['files'],
    description: 'REQUIRED: The comma separated list of data and index log files to be dumped.',
    argument: { isRequired: true, describedAs: 'file1, file2, ...' },
  },
  { names: ['max-message-size'], description: 'Size of largest message.', argument: size(5 * 1024 * 1024) },
  {
    names: ['max-bytes'],
    description: 'Limit the amount of total batches read in bytes avoiding reading the whole .log file(s).',
    argument: size(0x7fffffff),
  },
  flag(
    'deep-iteration',
    'If set, uses deep instead of shallow iteration. Automatically set if print-data-log is enabled.',
  ),
  {
    names: ['value-decoder-class'],
    description: `If set, used to deserialize the messages. ${DECODER_CLASS}`,
    argument: optionalDecoder,
  },
  {
    names: ['key-decoder-class'],
    description: `If set, used to deserialize the keys. ${DECODER_CLASS}`,
    argument: optionalDecoder,
  },
  flag(
    'offsets-decoder',
    'If set, log data will be parsed as offset data from the __consumer_offsets topic.',
  ),
  flag(
    'transaction-log-decoder',
    'If set, log data will be parsed as transaction metadata from the __transaction_state topic.',
  ),
  flag('cluster-metadata-decoder', 'If set, log data will be parsed as cluster metadata records.'),
  flag(
    'remote-log-metadata-decoder',
    'If set, log data will be parsed as TopicBasedRemoteLogMetadataManager (RLMM) metadata records. Instead, the value-decoder-class option can be used if a custom RLMM implementation is configured.',
  ),
  flag('skip-record-metadata', 'Whether to skip printing metadata for each record.'),
]

const PURPOSE =
  'This tool helps to parse a log file and dump its contents to the console, useful for debugging a seemingly corrupt log segment.'

function flag(name: string, description: string): OptionSpec {
  return { names: [name], description }
}

/** Kafka's kafka-dump-log: its options, its output, its exit codes. `words` are the command line behind its name. */
export async function kafkaDumpLog(context: CommandContext, words: readonly string[]): Promise<number> {
  const chunks = new ChunkWriter(context.out.sink)
  const output = {
    out: chunks.add,
    err: (text: string) => {
      if (text !== '') context.out.note(text.replace(/\n$/, ''))
    },
    get waiting() {
      return chunks.waiting
    },
  }
  try {
    return await javaMain(output, async () => {
      const parser = new OptionParser(OPTIONS)
      const options = parser.parse(words)
      maybePrintHelpOrVersion(parser, options, words, PURPOSE)
      checkRequiredArgs(parser, options, 'files')
      await dumpLogSegments(nodeFileSystem, dumpOptions(options), output, process.cwd())
    })
  } finally {
    await chunks.flush()
  }
}

const DECODER_FLAGS = ['offsets-decoder', 'transaction-log-decoder'] as const
const UNKNOWN_DECODERS = ['cluster-metadata-decoder', 'remote-log-metadata-decoder'] as const

function dumpOptions(options: OptionSet): DumpLogOptions {
  const printDataLog = [
    ...['print-data-log', 'value-decoder-class', 'key-decoder-class'],
    ...DECODER_FLAGS,
    ...UNKNOWN_DECODERS,
  ].some((name) => options.has(name))
  return {
    files: splitCommas(options.value('files') ?? ''),
    printDataLog,
    deepIteration: printDataLog || options.has('deep-iteration'),
    verifyIndexOnly: options.has('verify-index-only'),
    indexSanityCheck: options.has('index-sanity-check'),
    skipRecordMetadata: options.has('skip-record-metadata'),
    decoder: decoderOf(options),
    maxMessageSize: () => options.integer('max-message-size') ?? 0,
    maxBytes: () => options.integer('max-bytes') ?? 0,
  }
}

function decoderOf(options: OptionSet): DumpLogOptions['decoder'] {
  if (options.has('offsets-decoder')) return { kind: 'offsets' }
  if (options.has('transaction-log-decoder')) return { kind: 'transaction-log' }
  for (const name of UNKNOWN_DECODERS) {
    if (!options.has(name)) continue
    throw new KcliError(
      'KCLI_UNSUPPORTED',
      `--${name} is not supported: kcli has no KRaft and no tiered storage`,
      {
        hint: 'Leave it out to see the records as text.',
      },
    )
  }
  return {
    kind: 'classes',
    key: () => options.value('key-decoder-class') ?? DEFAULT_DECODER,
    value: () => options.value('value-decoder-class') ?? DEFAULT_DECODER,
  }
}
