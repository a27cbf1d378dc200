/** Nouns are plural; the singular form is accepted everywhere. */
const SINGULAR: Readonly<Record<string, string>> = {
  acl: 'acls',
  broker: 'broker',
  config: 'configs',
  group: 'groups',
  partition: 'partitions',
  profile: 'profiles',
  segment: 'segments',
  topic: 'topics',
  transaction: 'transactions',
}

/** Other words for the same verb. */
const VERBS: Readonly<Record<string, string>> = { ls: 'list', rm: 'delete' }

export interface Resolved {
  readonly id: string
  readonly rest: readonly string[]
}

/** The command that the first words name, or undefined when help, completion or an unknown command is asked for. */
export function resolveCommand(argv: readonly string[], ids: ReadonlySet<string>): Resolved | undefined {
  const [first, second] = argv
  if (first === undefined || first.startsWith('-')) return undefined
  if (second !== undefined && ids.has(`${first}:${second}`))
    return { id: `${first}:${second}`, rest: argv.slice(2) }
  return ids.has(first) ? { id: first, rest: argv.slice(1) } : undefined
}

/** `topic create …` becomes `topics create …`, also behind `help`. `broker start` is a command of its own. */
export function canonicalWords(argv: readonly string[], ids: ReadonlySet<string>): string[] {
  const words = [...argv]
  const at = words[0] === 'help' ? 1 : 0
  const noun = words[at]
  if (noun === undefined) return words
  const verb = words[at + 1]
  if (verb !== undefined && ids.has(`${noun}:${verb}`)) return words
  const plural = SINGULAR[noun] ?? noun
  if ([...ids].some((id) => id.startsWith(`${plural}:`))) words[at] = plural
  const plainVerb = verb === undefined ? undefined : VERBS[verb]
  if (plainVerb !== undefined && ids.has(`${plural}:${plainVerb}`)) words[at + 1] = plainVerb
  return words
}

/** Help is asked for by a flag before `--`. */
export function wantsHelp(argv: readonly string[]): boolean {
  for (const word of argv) {
    if (word === '--') return false
    if (word === '--help' || word === '-h') return true
  }
  return false
}
