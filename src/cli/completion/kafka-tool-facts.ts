import type { OptionSpec } from '../jopt/option-parser.ts'
import type { CommandFacts, FlagFacts } from './command-facts.ts'

/** Kafka's flags of a stand-in for one of Kafka's tools, or undefined when it has none that are known. */
export async function kafkaToolFacts(id: string): Promise<CommandFacts | undefined> {
  const load = OPTIONS[id]
  if (load === undefined) return undefined
  const flags = await load()
  return { id, summary: '', args: {}, flags: Object.fromEntries(flags) }
}

type Flags = readonly (readonly [name: string, flag: FlagFacts])[]

const OPTIONS: Readonly<Record<string, () => Promise<Flags>>> = {
  'kafka-broker-api-versions': async () =>
    ofSpecs((await import('../kafka-tools/kafka-broker-api-versions-options.ts')).OPTIONS),
  'kafka-configs': async () => ofSpecs((await import('../kafka-tools/configs/options.ts')).OPTIONS),
  'kafka-console-consumer': async () =>
    ofSpecs((await import('../kafka-tools/kafka-console-consumer-options.ts')).OPTIONS),
  'kafka-console-producer': async () =>
    ofSpecs((await import('../kafka-tools/kafka-console-producer-options.ts')).OPTIONS),
  'kafka-consumer-groups': async () =>
    ofSpecs((await import('../kafka-tools/consumer-groups/options.ts')).OPTIONS),
  'kafka-consumer-perf-test': async () =>
    ofSpecs((await import('../kafka-tools/kafka-consumer-perf-test-options.ts')).consumerPerfOptions('')),
  'kafka-delete-records': async () =>
    ofSpecs((await import('../kafka-tools/kafka-delete-records-options.ts')).OPTIONS),
  'kafka-dump-log': async () => ofSpecs((await import('../services/kafka-dump-log.ts')).OPTIONS),
  'kafka-get-offsets': async () =>
    ofSpecs((await import('../kafka-tools/kafka-get-offsets-options.ts')).OPTIONS),
  'kafka-leader-election': async () =>
    ofSpecs((await import('../kafka-tools/kafka-leader-election-options.ts')).OPTIONS),
  'kafka-log-dirs': async () => ofSpecs((await import('../kafka-tools/kafka-log-dirs-options.ts')).OPTIONS),
  'kafka-producer-perf-test': async () =>
    ofHelp((await import('../kafka-tools/kafka-producer-perf-test-help.ts')).HELP),
  'kafka-reassign-partitions': async () =>
    ofSpecs((await import('../kafka-tools/reassign-partitions/options.ts')).OPTIONS),
  'kafka-verifiable-consumer': async () =>
    ofHelp((await import('../kafka-tools/verifiable/consumer-help.ts')).HELP),
  'kafka-verifiable-producer': async () =>
    ofHelp((await import('../kafka-tools/verifiable/producer-help.ts')).HELP),
  'kafka-server-start': async () => [
    ['override', { type: 'option', helpValue: 'property=value', multiple: true }],
    ['version', { type: 'boolean', summary: 'Print version information and exit.' }],
  ],
  'kafka-topics': async () => ofSpecs((await import('../kafka-tools/kafka-topics-options.ts')).OPTIONS),
}

function ofSpecs(specs: readonly OptionSpec[]): Flags {
  return specs.flatMap(({ names, description, argument }) =>
    names
      .filter((name) => name.length > 1)
      .map((name): [string, FlagFacts] => [
        name,
        {
          type: argument === undefined ? 'boolean' : 'option',
          summary: firstSentence(description),
          // Kafka's tools take most of theirs more than once.
          multiple: true,
          ...(argument !== undefined && { helpValue: argument.describedAs ?? argument.type ?? 'VALUE' }),
          ...choicesOf(argument?.type),
        },
      ]),
  )
}

function choicesOf(type: string | undefined): { options?: string[] } {
  return type?.startsWith('[') === true ? { options: type.slice(1, -1).split(',') } : {}
}

/** Of tools that are made with argparse4j: `  --flag VALUE   text`, the text also on the lines below. */
function ofHelp(help: string): Flags {
  const entries = help.matchAll(
    /^ {2}(?:-\w, )?--([\w.-]+)(?: (\S+)(?: \[.*\])?)?(?: {2,}|\n)((?:.*\n)(?: {25}.*\n)*)/gm,
  )
  return [...entries].map(([, name = '', helpValue, text = '']) => {
    const summary = firstSentence(text.replace(/\s+/g, ' ').trim())
    return [
      name,
      helpValue === undefined ? { type: 'boolean', summary } : { type: 'option', summary, helpValue },
    ]
  })
}

function firstSentence(text: string): string {
  return (/^[^\n]*?\.(?=\s|$)|^[^\n]*/.exec(text.replace(/^REQUIRED: /, ''))?.[0] ?? '').slice(0, 120)
}
