import { stripVTControlCharacters } from 'node:util'
import { nearestName } from '../../base/edit-distance.ts'
import { UsageError } from '../exit-codes.ts'

/** What is known of a command's flags and arguments, from its class. */
export interface Grammar {
  /** As it is typed: `topics create`. */
  readonly name: string
  /** What follows the name. */
  readonly usage: string
  readonly flags: Readonly<Record<string, FlagGrammar>>
}

interface FlagGrammar {
  readonly char?: string | undefined
  readonly summary?: string | undefined
  readonly helpValue?: string | string[] | undefined
  readonly options?: readonly string[] | undefined
  readonly hidden?: boolean | undefined
  readonly allowNo?: boolean | undefined
}

/** Says what oclif's parser found wrong in one line, with what was probably meant. What is not one of its errors stays. */
export function parseError(error: unknown, grammar: Grammar): unknown {
  if (!(error instanceof Error)) return error
  const message = stripVTControlCharacters(error.message).replace(/\n?See more help with --help$/, '')
  return (
    unknownFlags(error, grammar) ??
    missingArguments(error, grammar) ??
    wrongChoice(message) ??
    unexpectedArguments(error, grammar) ??
    missingValue(message, grammar) ??
    wrongValue(message, grammar) ??
    missingFlag(message, grammar) ??
    togetherError(message) ??
    error
  )
}

function unknownFlags(error: Error, { name, flags }: Grammar): UsageError | undefined {
  if (!('flags' in error) || !Array.isArray(error.flags)) return undefined
  const [flag = ''] = error.flags.map(String)
  const visible = Object.entries(flags).filter(([, { hidden }]) => hidden !== true)
  const names = visible.flatMap(([each, { allowNo }]) => (allowNo === true ? [each, `no-${each}`] : [each]))
  const typed = flag.replace(/^-+/, '').split('=')[0] ?? ''
  const nearest = flag.startsWith('--') ? (nearestName(typed, names) ?? longer(typed, names)) : undefined
  return new UsageError(
    `${name} has no flag ${flag}`,
    nearest === undefined ? `See what it takes with: kcli ${name} --help` : `Did you mean --${nearest}?`,
  )
}

/** The only name that begins like this. */
function longer(typed: string, names: readonly string[]): string | undefined {
  const found = typed.length < 2 ? [] : names.filter((name) => name.startsWith(typed))
  return found.length === 1 ? found[0] : undefined
}

function missingArguments(error: Error, { name, usage }: Grammar): UsageError | undefined {
  if (!('args' in error) || !Array.isArray(error.args)) return undefined
  const names = error.args.flatMap((arg: unknown) =>
    typeof arg === 'object' && arg !== null && 'name' in arg ? [String(arg.name).toUpperCase()] : [],
  )
  if (names.length === 0) return undefined
  return new UsageError(
    `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing`,
    `Usage: kcli ${name} ${usage}`,
  )
}

function unexpectedArguments(error: Error, { name, usage }: Grammar): UsageError | undefined {
  if (!('args' in error) || !Array.isArray(error.args)) return undefined
  return new UsageError(
    `${name} has no use for ${error.args.map((arg) => `'${arg}'`).join(', ')}`,
    `Usage: kcli ${name} ${usage}`,
  )
}

function wrongChoice(message: string): UsageError | undefined {
  const match = /^Expected --([\w.-]+)=(.*) to be one of: (.*)$/s.exec(message)
  if (match === null) return undefined
  const [, flag, typed = '', list = ''] = match
  const nearest = nearestName(typed, list.split(', '))
  return new UsageError(
    `--${flag} is '${typed}', and takes one of ${list}`,
    nearest === undefined ? 'Choose one of them.' : `Did you mean ${nearest}?`,
  )
}

function missingValue(message: string, { flags }: Grammar): UsageError | undefined {
  const flag = /^Flag --([\w.-]+) expects a value/.exec(message)?.[1]
  if (flag === undefined) return undefined
  return new UsageError(`--${flag} wants a value`, flagHint(flag, flags))
}

function wrongValue(message: string, { flags }: Grammar): UsageError | undefined {
  const match = /^Parsing --([\w.-]+)\s+Expected an integer(.*) but received: (.*)$/s.exec(message)
  if (match === null) return undefined
  const [, flag = '', bound = '', typed = ''] = match
  const limit = bound
    .replace(/ ?greater than or equal to (-?\d+)/, ' of $1 or more')
    .replace(/ ?less than or equal to (-?\d+)/, ' of at most $1')
  return new UsageError(
    `--${flag} is '${typed.trim()}', and takes a whole number${limit}`,
    flagHint(flag, flags),
  )
}

function missingFlag(message: string, { flags }: Grammar): UsageError | undefined {
  const flag = /Missing required flag ([\w.-]+)/.exec(message)?.[1]
  return flag === undefined ? undefined : new UsageError(`--${flag} is missing`, flagHint(flag, flags))
}

function togetherError(message: string): UsageError | undefined {
  const match = /--([\w.-]+)=.* cannot also be provided when using --([\w.-]+)/s.exec(message)
  if (match !== null)
    return new UsageError(`--${match[1]} and --${match[2]} exclude each other`, 'Leave one of them out.')
  const needs = /All of the following must be provided when using --([\w.-]+): (.*)/.exec(message)
  if (needs !== null)
    return new UsageError(`--${needs[1]} means nothing without ${needs[2]}`, 'Give both, or none.')
  return undefined
}

function flagHint(flag: string, flags: Grammar['flags']): string {
  const grammar = flags[flag]
  const value = [grammar?.helpValue ?? 'VALUE'].flat()[0]
  return `--${flag} ${value}: ${grammar?.summary ?? ''}`
}

/** Who reads the data reads the error there, too, though the words could not be taken apart. */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, at) =>
      ['--json', '--output=json', '-ojson', '-o=json'].includes(word) ||
      (['-o', '--output'].includes(word) && argv[at + 1] === 'json'),
  )
}
