import { readTextFile } from '../../base/standard-streams.ts'
import { canonicalWords } from '../resolve.ts'

/** What help and completion know of a command without loading it (oclif.manifest.json). */
export interface CommandFacts {
  readonly id: string
  readonly summary: string
  readonly usage?: string
  readonly flags: Readonly<Record<string, FlagFacts>>
  readonly args: Readonly<Record<string, ArgumentFacts>>
}

export interface ArgumentFacts {
  readonly description?: string
  readonly options?: readonly string[]
  readonly multiple?: boolean
}

export interface FlagFacts {
  readonly type: 'boolean' | 'option'
  readonly char?: string
  readonly summary?: string
  readonly options?: readonly string[]
  readonly helpValue?: string
  readonly helpGroup?: string
  readonly hidden?: boolean
  readonly allowNo?: boolean
  readonly multiple?: boolean
  readonly exclusive?: readonly string[]
}

/** All commands by name. */
export interface CommandIndex {
  readonly ids: ReadonlySet<string>
  readonly facts: ReadonlyMap<string, CommandFacts>
}

interface Manifest {
  readonly commands: Readonly<Record<string, Omit<CommandFacts, 'id'>>>
}

/** By id. */
export function readCommandFacts(root: string): ReadonlyMap<string, CommandFacts> {
  const { commands }: Manifest = JSON.parse(readTextFile(`${root}/oclif.manifest.json`))
  return new Map(Object.entries(commands).map(([id, facts]) => [id, { ...facts, id }]))
}

/** The command that the first words name, and how many words that takes. */
export function commandOf(
  commands: CommandIndex,
  words: readonly string[],
): { readonly id: string; readonly length: number } | undefined {
  const [noun, verb] = canonicalWords(words, commands.ids)
  if (noun === undefined) return undefined
  if (verb !== undefined && commands.facts.has(`${noun}:${verb}`)) return { id: `${noun}:${verb}`, length: 2 }
  return commands.facts.has(noun) ? { id: noun, length: 1 } : undefined
}

/** `--name`, `--no-name` or `-n`. */
export function flagNamed(command: CommandFacts, word: string): (FlagFacts & { name: string }) | undefined {
  const entries = Object.entries(command.flags)
  const entry = word.startsWith('--')
    ? entries.find(
        ([name, flag]) => `--${name}` === word || (flag.allowNo === true && `--no-${name}` === word),
      )
    : entries.find(([, flag]) => flag.char !== undefined && `-${flag.char}` === word)
  return entry && { ...entry[1], name: entry[0] }
}
