import { checkRequiredArgs, JavaExit, usageExit } from '../jopt/java-main.ts'
import { OptionParser, type OptionSpec } from '../jopt/option-parser.ts'
import { illegalArgument, javaInt } from './java-lang.ts'

export interface LatencySettings {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly acks: string
  readonly sizeBytes: number
  /** A property file. */
  readonly file: string | undefined
  /** 0: no key. */
  readonly keySizeBytes: number
  /** A negative size of values stands for null. */
  readonly headers: {
    readonly count: number
    readonly keySizeBytes: number
    readonly valueSizeBytes: number
  }
}

const USAGE =
  'USAGE: java org.apache.kafka.tools.EndToEndLatency broker_list topic num_messages producer_acks message_size_bytes [optional] properties_file\n'

/** By place, as in Kafka 3.9; by name, as from Kafka 4.2 on (KIP-1172). */
export function latencySettings(words: readonly string[]): LatencySettings {
  const isNamed = OPTIONS.some(({ names: [name] }) => words[0] === `--${name}`)
  return isNamed ? named(words) : placed(words)
}

function placed(words: readonly string[]): LatencySettings {
  const [bootstrap = '', topic = '', records = '', acks = '', size = '', file = ''] = words
  if (words.length !== 5 && words.length !== 6) throw new JavaExit(1, { err: USAGE })
  const counts = { records: javaInt(records), sizeBytes: javaInt(size) }
  if (acks !== '1' && acks !== 'all')
    throw illegalArgument('Latency testing requires synchronous acknowledgement. Please use 1 or all')
  return {
    ...{ bootstrap, topic, ...counts, acks, keySizeBytes: 0 },
    headers: { count: 0, keySizeBytes: 0, valueSizeBytes: 0 },
    file: file.trim() === '' ? undefined : file,
  }
}

function option(name: string, type: 'String' | 'Integer', description: string): OptionSpec {
  return { names: [name], description, argument: { isRequired: true, type } }
}

const REQUIRED = ['bootstrap-server', 'topic', 'num-records', 'producer-acks', 'record-size']
const OPTIONS: readonly OptionSpec[] = [
  option('bootstrap-server', 'String', 'REQUIRED: The brokers, as HOST1:PORT1,HOST2:PORT2.'),
  option('topic', 'String', 'REQUIRED: The topic to send to and read from.'),
  option('num-records', 'Integer', 'REQUIRED: How many records to send, one after the other.'),
  option('producer-acks', 'String', 'REQUIRED: Who must have a record before it counts: 1 or all.'),
  option('record-size', 'Integer', 'REQUIRED: The size of a value in bytes.'),
  option('record-key-size', 'Integer', 'The size of a key in bytes; without it there are no keys.'),
  option('num-headers', 'Integer', 'How many headers a record has.'),
  option('record-header-key-size', 'Integer', "The size of a header's key in bytes."),
  option('record-header-size', 'Integer', "The size of a header's value in bytes; -1 for null."),
  option('command-config', 'String', 'A property file for the clients.'),
]

function named(words: readonly string[]): LatencySettings {
  const parser = new OptionParser(OPTIONS)
  const options = parser.parse(words)
  checkRequiredArgs(parser, options, ...REQUIRED)
  const count = (name: string, least: number) => {
    const value = options.integer(name) ?? 0
    if (value < least) throw usageExit(parser, `Value for --${name} must be at least ${least}.`)
    return value
  }
  const acks = options.value('producer-acks') ?? ''
  if (acks !== '1' && acks !== 'all') {
    const reason = "Latency testing requires synchronous acknowledgement. Please use '1' or 'all'."
    throw usageExit(parser, `Invalid value for --producer-acks. ${reason}`)
  }
  return {
    bootstrap: options.value('bootstrap-server') ?? '',
    topic: options.value('topic') ?? '',
    records: count('num-records', 1),
    acks,
    sizeBytes: count('record-size', 0),
    keySizeBytes: count('record-key-size', 0),
    headers: {
      count: count('num-headers', 0),
      keySizeBytes: count('record-header-key-size', 0),
      valueSizeBytes: count('record-header-size', -1),
    },
    file: options.value('command-config'),
  }
}
