/** The first page that people see: `kcli --help`, and `kcli` alone where nothing can be typed. */

/** What there is, by what one wants to do. Every command stands in one of them. */
export const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Topics and records', ['topics', 'produce', 'consume', 'groups', 'configs']],
  ['Look inside', ['top', 'brokers', 'partitions', 'log-dirs', 'segments', 'zk', 'api-versions']],
  ['Clusters', ['cluster', 'broker', 'zookeeper', 'run']],
  ['Measure', ['perf']],
  ['kcli itself', ['shell', 'profile', 'completion', 'schema', 'link', 'help']],
  ['With the flags and the output of Kafka’s own', ['console-producer', 'console-consumer']],
]

const SUMMARIES: Readonly<Record<string, string>> = {
  help: 'Tell all about a command: kcli help topics create',
}
const COLUMNS = 80

export interface RootHelpFacts {
  readonly version: string
  /** Of commands that stand alone, by id; those of a noun (`topics:create`) are told by the noun. */
  readonly summaries: ReadonlyMap<string, string>
  /** Of nouns. */
  readonly topics: ReadonlyMap<string, string>
}

export function rootHelp({ version, summaries, topics }: RootHelpFacts): string {
  const names = GROUPS.flatMap(([, group]) => group)
  const width = Math.max(...names.map((name) => name.length))
  const summaryOf = (name: string) => topics.get(name) ?? summaries.get(name) ?? SUMMARIES[name] ?? ''
  const sections = GROUPS.flatMap(([title, group]) => [
    '',
    title,
    ...group.map((name) => `  ${name.padEnd(width)}  ${summaryOf(name).replace(/\.$/, '')}`),
  ])
  return [
    `kcli ${version}: a whole Kafka in one npm package`,
    '',
    'Usage: kcli COMMAND [FLAGS]     kcli alone is a shell; kcli COMMAND --help tells more',
    ...sections,
    '',
    'Kafka’s tools under their own names, to the byte',
    ...wrap(kafkaTools(summaries.keys())).map((line) => `  ${line}`),
    '',
    'Without --bootstrap-server (-b) everything works on a cluster in a folder of yours.',
    '  kcli topics create orders && echo hello | kcli produce orders && kcli consume orders',
    '',
  ].join('\n')
}

/** Whoever wants them knows their names. */
export function kafkaTools(ids: Iterable<string>): string[] {
  return [...ids].filter((id) => /^(kafka|zookeeper)-/.test(id))
}

function wrap(words: readonly string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length + 3 > COLUMNS) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}
