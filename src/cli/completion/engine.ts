import { canonicalWords, isKafkaTool } from '../resolve.ts'
import { type Candidate, type Found, found, isDrawable, NOTHING } from './candidates.ts'
import { type CommandFacts, type CommandIndex, commandOf, flagNamed } from './command-facts.ts'
import { kafkaToolFacts } from './kafka-tool-facts.ts'
import type { CompletionSource } from './source.ts'
import { argumentValues, flagValues, type Line } from './values.ts'

/**
 * What could stand in place of the last word of a command line, whatever of it is typed. The words are without the `kcli`
 * and without quotes.
 */
export async function candidatesFor(source: CompletionSource, words: readonly string[]): Promise<Found> {
  const { candidates, ...others } = await allCandidates(source, words)
  return { ...others, candidates: candidates.filter(isDrawable) }
}

async function allCandidates(source: CompletionSource, words: readonly string[]): Promise<Found> {
  const { commands } = source
  const [first = ''] = words
  if (words.length === 1) return found(firstWords(commands, first))
  if (first === 'help') return await allCandidates(source, words.slice(1))
  const resolved = commandOf(commands, words.slice(0, -1))
  if (resolved === undefined) return words.length === 2 ? found(verbsOf(commands, first)) : NOTHING
  const facts = isKafkaTool(resolved.id) ? await kafkaToolFacts(resolved.id) : undefined
  const command = facts ?? commands.facts.get(resolved.id)
  if (command === undefined) return NOTHING
  return await wordOf(source, { command, words: words.slice(resolved.length) }, resolved.length)
}

/** Kafka's tools are many: they are offered to who asks for them by their first letter. */
function firstWords(commands: CommandIndex, typed: string): Candidate[] {
  return nouns(commands).filter(({ text }) => typed !== '' || !isKafkaTool(text))
}

/** Each noun once, with its verbs. */
export function nouns(commands: CommandIndex): Candidate[] {
  const notes = new Map<string, string>([['help', 'What there is, or one command in full.']])
  for (const { id, summary } of commands.facts.values()) {
    const [noun = '', verb] = id.split(':')
    const verbs = verb === undefined ? undefined : [notes.get(noun), verb].filter(Boolean).join(', ')
    notes.set(noun, verbs ?? summary)
  }
  return [...notes].map(([text, note]) => ({ text, note })).sort((a, b) => (a.text < b.text ? -1 : 1))
}

function verbsOf(commands: CommandIndex, word: string): Candidate[] {
  const noun = canonicalWords([word, 'list'], commands.ids)[0] ?? word
  return [...commands.facts.values()].flatMap(({ id, summary }) =>
    id.startsWith(`${noun}:`) ? [{ text: id.slice(noun.length + 1), note: summary }] : [],
  )
}

/** @param before how many words name the command */
async function wordOf(source: CompletionSource, line: Line, before: number): Promise<Found> {
  const { command, words } = line
  const last = words.at(-1) ?? ''
  const end = words.indexOf('--')
  if (end !== -1 && end < words.length - 1) return behindDashes(command, before + end + 1)
  const [whole, name = ''] = /^(--[\w.-]+)=/.exec(last) ?? []
  if (whole !== undefined) {
    const flag = flagNamed(command, name)
    if (flag === undefined) return NOTHING
    const values = await flagValues(source, line, flag.name, flag, last.slice(whole.length))
    return { ...values, candidates: values.candidates.map((value) => behind(whole, value)) }
  }
  const previous = words.at(-2)
  const flag = previous?.startsWith('-') === true ? flagNamed(command, previous) : undefined
  if (flag?.type === 'option') return await flagValues(source, line, flag.name, flag, last)
  if (last.startsWith('-')) return found(flagNames(line))
  return await argumentValues(source, line, last)
}

function behindDashes(command: CommandFacts, programAt: number): Found {
  return command.id === 'run' ? { candidates: [], elsewhere: { programAt } } : NOTHING
}

function behind(start: string, value: Candidate): Candidate {
  return { ...value, label: value.label ?? value.text, text: `${start}${value.text}` }
}

/** The command's own first, then those of all commands. What is there and may be there once is left out, and what it excludes. */
function flagNames({ command, words }: Line): Candidate[] {
  const typed = new Set(
    words
      .slice(0, -1)
      .map((word) => flagNamed(command, word.replace(/=.*/, ''))?.name)
      .filter((name) => name !== undefined),
  )
  const isFree = (name: string) => {
    const flag = command.flags[name]
    if (flag === undefined || flag.hidden === true) return false
    return (
      !(flag.exclusive ?? []).some((other) => typed.has(other)) &&
      (flag.multiple === true || !typed.has(name))
    )
  }
  const names = Object.keys(command.flags).filter(isFree)
  const isGlobal = (name: string) => command.flags[name]?.helpGroup === 'GLOBAL'
  return [...names.filter((name) => !isGlobal(name)), ...names.filter(isGlobal)].map((name) =>
    flagName(command, name),
  )
}

function flagName(command: CommandFacts, name: string): Candidate {
  const flag = command.flags[name]
  // A switch that is on by default is only of use the other way round.
  const text = flag?.allowNo === true ? `--no-${name}` : `--${name}`
  const value = flag?.type === 'option' ? ` ${flag.helpValue ?? 'VALUE'}` : ''
  return { text, label: `${text}${value}`, ...(flag?.summary !== undefined && { note: flag.summary }) }
}
