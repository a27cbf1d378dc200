import { type Candidate, type Elsewhere, type Found, found, NOTHING, plain } from './candidates.ts'
import { type CommandFacts, type FlagFacts, flagNamed } from './command-facts.ts'
import { configEntries, configKeys } from './config-values.ts'
import type { CompletionSource, ConfigOwner } from './source.ts'

/** What kind of thing a flag or an argument takes. */
type Kind =
  | { readonly is: 'topic' | 'group' | 'broker' | 'partition' | 'profile' | 'topic-partition' }
  | { readonly is: 'topic-partitions' }
  | { readonly is: 'config-entry' | 'config-key'; readonly of: ConfigOwner }
  | { readonly is: 'words'; readonly words: readonly string[] }
  | { readonly is: 'elsewhere'; readonly where: Elsewhere }
  /** Several with commas between. */
  | { readonly is: 'list'; readonly of: Kind }

/** What was typed in front of the word that is asked for. */
export interface Line {
  readonly command: CommandFacts
  /** Behind the command's own, the last one being typed. */
  readonly words: readonly string[]
}

const FILES: Kind = { is: 'elsewhere', where: 'files' }
const DIRECTORIES: Kind = { is: 'elsewhere', where: 'directories' }
const words = (text: string): Kind => ({ is: 'words', words: text.split(' ') })
const list = (of: Kind): Kind => ({ is: 'list', of })

/** By name, where the value's name in the help does not say it. */
const FLAGS: Readonly<Record<string, Kind>> = {
  group: { is: 'group' },
  'to-group': { is: 'group' },
  leader: { is: 'broker' },
  partition: list({ is: 'partition' }),
  partitions: list({ is: 'partition' }),
  profile: { is: 'profile' },
  print: list(words('topic partition offset timestamp time key value headers')),
  from: words('start end @-1h @-1d'),
  to: words('start end current @-1h @-1d'),
  offset: words('start end @-1h'),
  at: words('-1h -1d'),
  state: list(words('Stable Empty Dead PreparingRebalance CompletingRebalance')),
  type: list(words('classic consumer')),
  kind: list(words('log index timeindex snapshot txnindex')),
  'entity-type': words('topics clients users brokers ips'),
  'offsets-of': { is: 'group' },
}

/** By what the help calls the value. */
const HELP_VALUES: Readonly<Record<string, Kind>> = {
  TOPIC: { is: 'topic' },
  topic: { is: 'topic' },
  'TOPIC[:0,1]': { is: 'topic-partitions' },
  GROUP: { is: 'group' },
  'consumer group': { is: 'group' },
  ID: { is: 'broker' },
  BROKER: { is: 'broker' },
  'BROKER,…': list({ is: 'broker' }),
  '1,2,3': list({ is: 'broker' }),
  FILE: FILES,
  DIR: DIRECTORIES,
  FOLDER: DIRECTORIES,
}

/** By what a command calls its arguments. */
const ARGUMENTS: Readonly<Record<string, Kind>> = {
  topic: { is: 'topic' },
  group: { is: 'group' },
  broker: { is: 'broker' },
  id: { is: 'broker' },
  file: { is: 'topic-partition' },
  config: FILES,
  folder: DIRECTORIES,
  logdir: DIRECTORIES,
}

/** Commands whose first argument is the name of something new. */
const NEW_NAMES = new Set(['topics:create', 'profile:create', 'profile:import'])

/** What could stand behind a flag. */
export async function flagValues(
  source: CompletionSource,
  line: Line,
  name: string,
  flag: FlagFacts,
  typed: string,
): Promise<Found> {
  const kind = kindOfFlag(line, name, flag)
  return kind === undefined ? NOTHING : await valuesOf(source, kind, line, typed)
}

/** What could stand as an argument, by what the command calls it. */
export async function argumentValues(source: CompletionSource, line: Line, typed: string): Promise<Found> {
  const { command } = line
  const all = Object.entries(command.args)
  const given = argumentsIn(command, line.words.slice(0, -1)).length
  const last = all.at(-1)
  if (command.id === 'zk') return given === 0 ? found(await zkCommands()) : NOTHING
  const [name, facts] = all[given] ?? (last?.[1].multiple === true ? last : [])
  if (name === undefined || (NEW_NAMES.has(command.id) && name !== 'file')) return NOTHING
  if (facts?.options !== undefined) return found(plain(facts.options))
  const kind = kindOfArgument(line, name)
  return kind === undefined ? NOTHING : await valuesOf(source, kind, line, typed)
}

async function zkCommands(): Promise<Candidate[]> {
  const { ZK_COMMANDS } = await import('../zk/table.ts')
  return ZK_COMMANDS.map(({ name, summary }) => ({ text: name, note: summary }))
}

function kindOfArgument(line: Line, name: string): Kind | undefined {
  if (name === 'key') return { is: 'config-key', of: ownerOf(line) }
  if (line.command.id.startsWith('profile:')) return name === 'name' ? { is: 'profile' } : FILES
  return ARGUMENTS[name] ?? ARGUMENTS[name.replace(/s$/, '')]
}

function kindOfFlag(line: Line, name: string, flag: FlagFacts): Kind | undefined {
  const { helpValue = '' } = flag
  if (flag.options !== undefined) return { is: 'words', words: flag.options }
  const choices = /^\w+(\|\w+)+$/.test(helpValue) ? helpValue.split('|') : undefined
  if (choices !== undefined) return { is: 'words', words: choices }
  if (/^(producer|consumer)[-.]property$/.test(name))
    return { is: 'config-entry', of: name.startsWith('producer') ? 'producer' : 'consumer' }
  if (name === 'command-property') return { is: 'config-entry', of: 'client' }
  if (/^(KEY=VALUE|name=value|k1=v1)/.test(helpValue)) return configFlag(line, name, 'config-entry')
  if (name === 'add-config') return configFlag(line, name, 'config-entry')
  if (helpValue === 'KEY' || /^delete-config$/.test(name)) return configFlag(line, name, 'config-key')
  if (name === 'entity-name') return entityName(line)
  // A count is no list of brokers.
  if (name === 'broker' && helpValue === 'N') return { is: 'broker' }
  const named =
    HELP_VALUES[helpValue] ?? (helpValue === 'N' && name !== 'partition' ? undefined : FLAGS[name])
  return named ?? (/file/i.test(helpValue) || /[-.](file|config)$/.test(name) ? FILES : undefined)
}

/** Flags that take settings of a topic or a broker; others that look alike (a formatter's) do not. */
function configFlag(line: Line, name: string, is: 'config-entry' | 'config-key'): Kind | undefined {
  if (name === 'override') return { is, of: 'broker' }
  return /^(config|set|append|subtract|add-config|delete|delete-config)$/.test(name)
    ? { is, of: ownerOf(line) }
    : undefined
}

function ownerOf({ command, words: typed }: Line): ConfigOwner {
  if (command.id === 'configs:explain') return 'any'
  const isBroker = typed.some((word) => /^--(broker|all-brokers|broker-defaults)(=|$)/.test(word))
  return isBroker || typedValue(typed, 'entity-type') === 'brokers' ? 'broker' : 'topic'
}

function entityName({ words: typed }: Line): Kind | undefined {
  const type = typedValue(typed, 'entity-type')
  return type === 'topics' ? { is: 'topic' } : type === 'brokers' ? { is: 'broker' } : undefined
}

function typedValue(typed: readonly string[], name: string): string | undefined {
  const at = typed.indexOf(`--${name}`)
  if (at !== -1) return typed[at + 1]
  return typed.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)
}

async function valuesOf(source: CompletionSource, kind: Kind, line: Line, typed: string): Promise<Found> {
  switch (kind.is) {
    case 'words':
      return found(plain(kind.words))
    case 'elsewhere':
      return { candidates: [], elsewhere: kind.where }
    case 'config-entry':
      return found(configEntries(await source.configs(kind.of), typed))
    case 'config-key':
      return found(configKeys(await source.configs(kind.of)))
    case 'profile':
      return found(plain(await source.profiles()))
    case 'list':
      return await listValues(source, kind.of, line, typed)
    case 'partition':
      return found(plain(await partitions(source, line)))
    case 'topic-partitions':
      return found(await topicPartitions(source, typed))
    case 'topic-partition':
      return await topicPartition(source, typed)
    default:
      return found(plain(await source.names([`${kind.is}s`])))
  }
}

/** What is there already stays in front, and is not offered again. */
async function listValues(source: CompletionSource, of: Kind, line: Line, typed: string): Promise<Found> {
  const before = typed.slice(0, typed.lastIndexOf(',') + 1)
  const taken = new Set(before.split(','))
  const { candidates } = await valuesOf(source, of, line, typed.slice(before.length))
  const prefixed = candidates
    .filter(({ text }) => !taken.has(text))
    .map((candidate) => ({
      ...candidate,
      label: candidate.label ?? candidate.text,
      text: before + candidate.text,
    }))
  return found(prefixed)
}

/** Of the topic that the line names. */
async function partitions(
  source: CompletionSource,
  { command, words: typed }: Line,
): Promise<readonly string[]> {
  const flagged = typedValue(typed, 'topic')
  const topic =
    flagged ?? (command.args.topic === undefined ? undefined : argumentsIn(command, typed.slice(0, -1))[0])
  return topic === undefined ? [] : await source.names(['topics', topic])
}

/** The words that are neither flags nor their values. */
function argumentsIn(command: CommandFacts, typed: readonly string[]): string[] {
  const given: string[] = []
  for (let i = 0; i < typed.length; i++) {
    const word = typed[i] ?? ''
    if (!word.startsWith('-')) given.push(word)
    else if (flagNamed(command, word)?.type === 'option') i++
  }
  return given
}

/** `orders`, then `orders:0,1`. */
async function topicPartitions(source: CompletionSource, typed: string): Promise<readonly Candidate[]> {
  const [, topic, before = ''] = /^([^:]+):((?:\d+,)*)/.exec(typed) ?? []
  if (topic === undefined) return plain(await source.names(['topics']))
  const numbers = await source.names(['topics', topic])
  return numbers.map((number) => ({ text: `${topic}:${before}${number}`, label: number }))
}

/** A partition's folder by its short name, `orders-0`, or any file. */
async function topicPartition(source: CompletionSource, typed: string): Promise<Found> {
  const elsewhere: Elsewhere = 'files'
  if (/[/\\]/.test(typed)) return { candidates: [], elsewhere }
  const topics = await source.names(['topics'])
  const topic = topics.filter((name) => typed.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0]
  if (topic === undefined)
    return { candidates: topics.map((name) => ({ text: `${name}-`, label: name, isOpen: true })), elsewhere }
  return {
    candidates: plain((await source.names(['topics', topic])).map((number) => `${topic}-${number}`)),
    elsewhere,
  }
}
