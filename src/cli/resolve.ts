import { editDistance } from '../base/edit-distance.ts'

/** Nouns are plural, but for those of which one is used at a time; the other form is accepted everywhere. */
const SINGULAR: Readonly<Record<string, string>> = {
  acl: 'acls',
  broker: 'broker',
  config: 'configs',
  group: 'groups',
  partition: 'partitions',
  profiles: 'profile',
  segment: 'segments',
  topic: 'topics',
  transaction: 'transactions',
}

/** Other words for the same verb. */
const VERBS: Readonly<Record<string, string>> = { ls: 'list', rm: 'delete', 'start-broker': 'revive' }

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

/** Stand-ins for Kafka's own tools take every word themselves, --help too. */
export function isKafkaTool(id: string): boolean {
  return /^(kafka|zookeeper)-/.test(id)
}

/** Commands of oclif's plugins. */
const PLUGIN_COMMANDS = new Set(['help', 'autocomplete'])

/** What was typed and the nearest command, when the words name neither a command nor a topic. */
export function unknownCommand(
  argv: readonly string[],
  ids: ReadonlySet<string>,
): { readonly typed: string; readonly nearest: string | undefined } | undefined {
  const end = argv.findIndex((word) => word.startsWith('-'))
  const words = (end === -1 ? argv : argv.slice(0, end)).slice(0, 2)
  const [first] = words
  if (first === undefined || PLUGIN_COMMANDS.has(first)) return undefined
  const isTopic = [...ids].some((id) => id.startsWith(`${first}:`))
  if (ids.has(first) || ids.has(words.join(':')) || (isTopic && words.length === 1)) return undefined
  const typed = isTopic ? words.join(' ') : first
  const candidates = [...ids].map((id) => id.replaceAll(':', ' '))
  const distances = candidates.map((name) => ({
    name,
    distance: editDistance(typed, isTopic ? name : (name.split(' ')[0] ?? '')),
  }))
  const [best] = distances.sort((a, b) => a.distance - b.distance)
  if (best === undefined || best.distance > Math.max(2, typed.length / 3))
    return { typed, nearest: undefined }
  return { typed, nearest: isTopic ? best.name : best.name.split(' ')[0] }
}
