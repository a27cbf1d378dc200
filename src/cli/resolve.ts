import { nearestName } from '../base/edit-distance.ts'

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
const PLUGIN_COMMANDS = new Set(['help'])

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
  return { typed, nearest: isTopic ? nearestOfNoun(words, ids) : nearestOfAll(words, ids) }
}

/** Other words for verbs that people bring from other tools. Only suggested, never obeyed. */
const SYNONYMS: Readonly<Record<string, string>> = {
  add: 'create',
  destroy: 'delete',
  drop: 'delete',
  get: 'describe',
  info: 'describe',
  make: 'create',
  new: 'create',
  remove: 'delete',
  set: 'alter',
  show: 'describe',
  update: 'alter',
}

/** `topics lst`, `topics desc`, `topics show`; `broker kill` where it is another noun's verb. */
function nearestOfNoun(
  [noun = '', verb = '']: readonly string[],
  ids: ReadonlySet<string>,
): string | undefined {
  const verbs = [...ids].filter((id) => id.startsWith(`${noun}:`)).map((id) => id.slice(noun.length + 1))
  const synonym = Object.hasOwn(SYNONYMS, verb) ? SYNONYMS[verb] : undefined
  const begins = verbs.filter((each) => each.startsWith(verb))
  const found =
    nearestName(verb, verbs) ??
    (synonym !== undefined && verbs.includes(synonym) ? synonym : undefined) ??
    (begins.length === 1 ? begins[0] : undefined)
  return found === undefined ? onlyWithVerb(verb, ids) : `${noun} ${found}`
}

/** `topcs`, `describe topics`, `status`. */
function nearestOfAll(
  [first = '', second = '']: readonly string[],
  ids: ReadonlySet<string>,
): string | undefined {
  const turned = [SINGULAR[second] ?? second, second]
    .map((noun) => `${noun}:${first}`)
    .find((id) => ids.has(id))
  if (turned !== undefined) return turned.replace(':', ' ')
  return nearestName(first, new Set([...ids].map((id) => id.split(':')[0] ?? ''))) ?? onlyWithVerb(first, ids)
}

function onlyWithVerb(verb: string, ids: ReadonlySet<string>): string | undefined {
  const found = [...ids].filter((id) => id.endsWith(`:${verb}`))
  return found.length === 1 ? found[0]?.replace(':', ' ') : undefined
}
