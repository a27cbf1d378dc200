import type { QuestionName } from './questions.ts'

/** What a command cannot do without, and how a person is asked for it. Declared beside the arguments and flags that say it. */
export interface Need {
  /** Arguments and flags; one of them is enough. */
  readonly anyOf: readonly string[]
  readonly ask: QuestionName
  /** Said where nobody can be asked. */
  readonly message: string
  readonly hint: string
}

/** What was typed, as far as it is understood. */
export interface CommandLine {
  readonly args: Readonly<Record<string, unknown>>
  readonly flags: Readonly<Record<string, unknown>>
}

export function isMet({ anyOf }: Need, { args, flags }: CommandLine): boolean {
  return anyOf.some((name) => isSaid(args[name]) || isSaid(flags[name]))
}

export function isSaid(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
}
