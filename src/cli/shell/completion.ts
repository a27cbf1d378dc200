import path from 'node:path'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { canonicalWords } from '../resolve.ts'
import { ZK_COMMANDS } from '../zk/table.ts'
import { BUILTINS, SETTINGS } from './builtins.ts'
import type { CommandFacts, CommandSet, FlagFacts } from './command-set.ts'
import type { Candidate, Completion } from './line-editor.ts'
import { quoteWord } from './parse.ts'
import { resolvePath, type TreePath } from './tree.ts'

/** What completion asks of the world beside the commands themselves. */
export interface CompletionSource {
  readonly commands: CommandSet
  readonly directory: TreePath
  /** Names below a place of the tree. */
  names(path: TreePath): Promise<readonly string[]>
  /** Settings of topics with their defaults. */
  topicConfigs(): Promise<readonly { readonly name: string; readonly note: string }[]>
}

/** The words of the command that the cursor is in; the last one is being typed. */
export interface TypedWords {
  readonly words: readonly string[]
  /** Where the last word begins. */
  readonly from: number
}

/** Undefined where nothing of ours is typed: in a pipe, behind `>`, in a comment. */
export function typedWords(text: string): TypedWords | undefined {
  let words: string[] = []
  let word = ''
  let from = 0
  let quote = ''
  let isInWord = false
  let isForeign = false
  const endWord = (next: number) => {
    if (isInWord) words.push(word)
    word = ''
    isInWord = false
    from = next
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      else word += char
    } else if (char === "'" || char === '"') {
      quote = char
      if (!isInWord) from = i
      isInWord = true
    } else if (char === '\\') {
      if (!isInWord) from = i
      isInWord = true
      word += text[++i] ?? ''
    } else if (char === ';' || char === '\n' || (char === '&' && text[i + 1] === '&')) {
      if (char === '&') i++
      words = []
      word = ''
      isInWord = false
      isForeign = false
      from = i + 1
    } else if (char === '|' || char === '>' || char === '<' || (char === '#' && !isInWord)) isForeign = true
    else if (/\s/.test(char)) endWord(i + 1)
    else {
      if (!isInWord) from = i
      isInWord = true
      word += char
    }
  }
  if (isForeign) return undefined
  return { words: [...words, word], from }
}

const NOTHING: Completion = { from: 0, candidates: [] }

/** What could stand where the cursor is. */
export async function complete(source: CompletionSource, text: string, cursor: number): Promise<Completion> {
  const typed = typedWords(text.slice(0, cursor))
  if (typed === undefined) return NOTHING
  const last = typed.words.at(-1) ?? ''
  const found = await candidatesFor(source, plainWords(typed.words))
  const candidates = found
    .filter((candidate) => candidate.text.startsWith(last))
    .map((candidate) => ({
      ...candidate,
      text: quoteWord(candidate.text),
      label: candidate.label ?? candidate.text,
    }))
  return { from: typed.from, candidates }
}

/** Without the words that take a command behind them. */
function plainWords(words: readonly string[]): readonly string[] {
  const [first, second] = words
  if (words.length > 1 && (first === 'time' || first === 'kcli' || first === 'help'))
    return plainWords(words.slice(1))
  if (first === 'watch' && words.length > 1)
    return plainWords(second === '-n' ? words.slice(3) : words.slice(1))
  return words
}

async function candidatesFor(
  source: CompletionSource,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const [first = '', second] = words
  if (second === undefined) return firstWords(source.commands)
  if (first === 'cd' || first === 'ls')
    return await treeNames(
      source,
      words.at(-1) ?? '',
      (words.at(-1) ?? '').startsWith('/') ? [] : source.directory,
    )
  if (first === 'set') return settingWords(words)
  if (first === 'zk') return await znodeWords(source, words)
  const { facts } = source.commands
  const resolved = commandOf(source.commands, words.slice(0, -1))
  if (resolved === undefined) return words.length === 2 ? verbsOf(source.commands, first) : []
  const command = facts.get(resolved.id)
  return command === undefined ? [] : await argumentsOf(source, command, words.slice(resolved.length))
}

/** The command that the first words name, and how many words that takes. */
export function commandOf(
  commands: CommandSet,
  words: readonly string[],
): { readonly id: string; readonly length: number } | undefined {
  const [noun, verb] = canonicalWords(words, commands.ids)
  if (noun === undefined) return undefined
  if (verb !== undefined && commands.facts.has(`${noun}:${verb}`)) return { id: `${noun}:${verb}`, length: 2 }
  return commands.facts.has(noun) ? { id: noun, length: 1 } : undefined
}

function firstWords(commands: CommandSet): Candidate[] {
  const nouns = new Map<string, string>()
  for (const { id, summary } of commands.facts.values()) {
    const [noun = '', verb] = id.split(':')
    const verbs = verb === undefined ? undefined : [nouns.get(noun), verb].filter(Boolean).join(', ')
    nouns.set(noun, verbs ?? summary)
  }
  nouns.delete('shell')
  const builtins = [...BUILTINS.values()].map(({ name, summary }) => ({ text: name, note: summary }))
  const named = [...nouns].map(([text, note]) => ({ text, note }))
  return [...named, ...builtins].sort((a, b) => (a.text < b.text ? -1 : 1))
}

function verbsOf(commands: CommandSet, word: string): Candidate[] {
  const noun = canonicalWords([word, 'list'], commands.ids)[0] ?? word
  return [...commands.facts.values()].flatMap(({ id, summary }) =>
    id.startsWith(`${noun}:`) ? [{ text: id.slice(noun.length + 1), note: summary }] : [],
  )
}

function settingWords(words: readonly string[]): Candidate[] {
  if (words.length === 2) return Object.keys(SETTINGS).map((text) => ({ text }))
  const values = words.length === 3 ? SETTINGS[words[1] ?? ''] : undefined
  return values === undefined || values === 'MS' ? [] : values.map((text) => ({ text }))
}

async function argumentsOf(
  source: CompletionSource,
  command: CommandFacts,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const last = words.at(-1) ?? ''
  const before = words.at(-2)
  const inline = /^(--[\w.-]+)=/.exec(last)
  if (inline !== null) {
    const [whole, name = ''] = inline
    const values = await flagValues(source, name, flagNamed(command, name), last.slice(whole.length))
    return values.map((value) => ({ ...value, label: value.text, text: `${whole}${value.text}` }))
  }
  const flag = before === undefined ? undefined : flagNamed(command, before)
  if (before !== undefined && flag?.type === 'option') return await flagValues(source, before, flag, last)
  if (last.startsWith('-')) return flagNames(command, words)
  return await positionals(source, command, last)
}

function flagNamed(command: CommandFacts, word: string): FlagFacts | undefined {
  if (word.startsWith('--')) return command.flags[word.slice(2)]
  if (!/^-\w$/.test(word)) return undefined
  return Object.values(command.flags).find((flag) => flag.char === word.slice(1))
}

function flagNames(command: CommandFacts, words: readonly string[]): Candidate[] {
  return Object.entries(command.flags)
    .filter(([name, flag]) => flag.hidden !== true && !words.slice(0, -1).includes(`--${name}`))
    .map(([name, flag]) => ({
      text: `--${name}`,
      label: flag.type === 'option' ? `--${name} ${flag.helpValue ?? 'VALUE'}` : `--${name}`,
      ...(flag.summary !== undefined && { note: flag.summary }),
    }))
}

async function flagValues(
  source: CompletionSource,
  name: string,
  flag: FlagFacts | undefined,
  last: string,
): Promise<readonly Candidate[]> {
  if (flag?.options !== undefined) return flag.options.map((text) => ({ text }))
  const places: Readonly<Record<string, TreePath>> = {
    '--topic': ['topics'],
    '--group': ['groups'],
    '--broker': ['brokers'],
    '--brokers': ['brokers'],
  }
  const place = places[name]
  if (place !== undefined) return (await source.names(place)).map((text) => ({ text }))
  if (name === '--config' && flag?.helpValue === 'KEY=VALUE') {
    return (await source.topicConfigs()).map(({ name: text, note }) => ({
      text: `${text}=`,
      note,
      isOpen: true,
    }))
  }
  return /FILE|DIR/.test(flag?.helpValue ?? '') ? fileNames(last) : []
}

/** By what the command calls its arguments. */
async function positionals(
  source: CompletionSource,
  command: CommandFacts,
  last: string,
): Promise<readonly Candidate[]> {
  const [argument] = Object.keys(command.args)
  if (argument === 'file' || argument === 'files') return fileNames(last)
  const place = argument === undefined ? undefined : PLACES[argument]
  return place === undefined ? [] : (await source.names(place)).map((text) => ({ text }))
}

const PLACES: Readonly<Record<string, TreePath>> = {
  topic: ['topics'],
  topics: ['topics'],
  group: ['groups'],
  groups: ['groups'],
  broker: ['brokers'],
  brokers: ['brokers'],
}

function fileNames(last: string): Candidate[] {
  const folder = last.slice(0, last.lastIndexOf('/') + 1)
  try {
    return nodeFileSystem.readdirSync(path.resolve(folder || '.')).map((name) => {
      const isFolder = nodeFileSystem.statSync(path.resolve(folder, name))?.isDirectory === true
      return { text: `${folder}${name}${isFolder ? '/' : ''}`, label: name, isOpen: isFolder }
    })
  } catch {
    return []
  }
}

async function treeNames(source: CompletionSource, last: string, from: TreePath): Promise<Candidate[]> {
  const folder = last.slice(0, last.lastIndexOf('/') + 1)
  // Below znodes a path begins at their root, not at the tree's.
  const place = from[0] === 'zk' && folder.startsWith('/') ? folder.slice(1) : folder
  const names = await source.names(resolvePath(from, place === '' ? '.' : place))
  return names.map((name) => ({ text: `${folder}${name}`, label: name, isOpen: true }))
}

/** Paths begin with a slash, wherever they stand. */
async function znodeWords(source: CompletionSource, words: readonly string[]): Promise<readonly Candidate[]> {
  const last = words.at(-1) ?? ''
  if (words.length === 2) return ZK_COMMANDS.map(({ name, summary }) => ({ text: name, note: summary }))
  return last.startsWith('/') ? await treeNames(source, last, ['zk']) : []
}
