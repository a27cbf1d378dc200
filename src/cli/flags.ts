import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { Need } from './ask/need.ts'
import { UsageError } from './exit-codes.ts'

/** Oclif reads a missing argument from stdin, which belongs to the records; every argument switches that off. */
export const topicArgs = {
  topic: Args.string({ description: 'Topics.', multiple: true, ignoreStdin: true }),
}

/** Where the command works on topics that exist. */
export const topicNeeded: Need = {
  anyOf: ['topic'],
  ask: 'topic',
  message: 'no topic given',
  hint: 'Name it as an argument or with --topic.',
}

/** Brokers of a local cluster, by id. */
export const brokerArgs = {
  broker: Args.string({
    description: "Broker ids, or 'controller'.",
    multiple: true,
    ignoreStdin: true,
  }),
}

/** One that is running. */
export const brokerNeeded: Need = {
  anyOf: ['broker'],
  ask: 'broker',
  message: 'no broker is named',
  hint: "Name it by its id, or the controller as 'controller'.",
}

export const killedBrokerNeeded: Need = { ...brokerNeeded, ask: 'killed-broker' }

export const pausedBrokerNeeded: Need = { ...brokerNeeded, ask: 'paused-broker' }

export const sessionTimeoutFlag = Flags.integer({
  min: 1,
  helpValue: 'MS',
  default: 2000,
  summary: 'How long ZooKeeper waits for a word from a broker before it takes it for dead.',
})

/** Kafka's spelling of the same. */
export const topicFlag = {
  topic: Flags.string({
    helpValue: 'TOPIC',
    summary: "A topic; the same as the argument, in Kafka's spelling.",
    multiple: true,
    multipleNonGreedy: true,
  }),
}

/** A flag that may be given many times, one value each. */
export function listFlag(options: { summary: string; helpValue: string; char?: 'H' }) {
  return Flags.string({ ...options, multiple: true, multipleNonGreedy: true })
}

export const configFlag = listFlag({
  summary: 'A topic setting; may be given many times.',
  helpValue: 'KEY=VALUE',
})

export const regexFlag = Flags.boolean({
  summary: 'Take the names as regular expressions for the whole name.',
})

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** For commands that only read. */
export const offlineFlag = {
  offline: Flags.boolean({
    summary:
      "Read the files in --data-dir with no cluster: a kcli folder, or Kafka's log.dirs (and ZooKeeper's dataDir) as DIR,DIR. Logs are shown to their end, replicated or not.",
  }),
}

/** What a producer can be told. */
export const producerFlags = {
  acks: Flags.string({
    helpValue: '0|1|all',
    summary: 'Who must have a record before it counts (default all).',
  }),
  compression: Flags.option({ char: 'z', options: COMPRESSIONS, summary: 'Codec (default none).' })(),
  idempotence: Flags.boolean({
    allowNo: true,
    summary: 'Store each record once, whatever has to be sent again (default with acks=all).',
  }),
  linger: Flags.integer({
    min: 0,
    helpValue: 'MS',
    summary: 'Wait this long for a batch to fill (default 0).',
  }),
  'batch-size': Flags.integer({
    min: 0,
    helpValue: 'BYTES',
    summary: 'Send a batch when it has this size (default 131072).',
  }),
  'producer-property': listFlag({
    helpValue: 'KEY=VALUE',
    summary: "Any of Kafka's producer configurations, such as buffer.memory; wins over the flags and -X.",
  }),
}

/** What a server can be told. */
export const serverFlags = {
  listen: Flags.string({
    helpValue: 'HOST:PORT',
    summary:
      'Where the first broker listens, the others on the ports behind it; :0 takes free ones (default 127.0.0.1:9092).',
  }),
  'advertised-host': Flags.string({
    helpValue: 'HOST',
    summary: 'The host that clients are told, if not the one of --listen.',
  }),
  zookeeper: Flags.string({
    helpValue: 'HOST:PORT,…/PATH',
    summary: 'Keep the znodes in this ZooKeeper (default: in the data directory, with a service of its own).',
  }),
  'zookeeper-listen': Flags.string({
    helpValue: 'HOST:PORT',
    summary: 'Let ZooKeeper clients in at this address (default: only through the data directory).',
  }),
  override: listFlag({ helpValue: 'KEY=VALUE', summary: 'A broker setting; wins over the file.' }),
  verbose: Flags.boolean({ char: 'v', summary: 'Log what the brokers do on stderr.' }),
}

/** The names from arguments and flags together, each once. */
export function topicNames(
  args: { topic?: unknown },
  flags: { topic?: readonly string[] | undefined },
): string[] {
  const given = args.topic
  const words: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return [...new Set([...words.map(String), ...(flags.topic ?? [])])]
}

/** Of commands that work on one topic and need it. */
export function oneTopic([name = '', second]: readonly string[]): string {
  if (second === undefined) return name
  throw new UsageError('more than one topic given', 'This command works on one topic.')
}

/** `0`, `1,2`: broker ids, each once. */
export function parseIds(words: readonly string[]): number[] {
  const ids = words.flatMap((text) => text.split(',')).map((word) => word.trim())
  const wrong = ids.find((word) => !/^\d{1,9}$/.test(word))
  if (wrong !== undefined)
    throw new UsageError(`'${wrong}' is no broker id`, 'Ids are numbers such as 0, or lists such as 0,1.')
  return [...new Set(ids.map(Number))]
}

/** `0,2,5-7`: partition numbers; ranges include both ends. */
export function parsePartitions(words: readonly string[] | undefined): number[] {
  const found = new Set<number>()
  for (const word of (words ?? []).flatMap((text) => text.split(','))) {
    const match = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(word)
    const first = Number(match?.[1] ?? Number.NaN)
    const last = Number(match?.[2] ?? first)
    if (match === null || last < first || last - first > 100_000) {
      throw new UsageError(
        `'${word}' is no partition`,
        'Partitions are numbers such as 0, lists such as 0,2 or ranges such as 0-3.',
      )
    }
    for (let partition = first; partition <= last; partition++) found.add(partition)
  }
  return [...found]
}
