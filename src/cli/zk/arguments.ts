import { ZkUsageError } from './errors.ts'

export interface OptionSpec {
  /** It takes a value. */
  readonly hasValue?: boolean
  /** Only one of those with the same group may be given. */
  readonly group?: string
  /** Of the group, for the message that one is needed. */
  readonly requires?: string
}

export interface ZkArguments {
  /** By letter (or name); true for one without a value. */
  readonly options: ReadonlyMap<string, string | true>
  readonly words: readonly string[]
}

type Specs = Readonly<Record<string, OptionSpec>>

/**
 * Parses as commons-cli's DefaultParser does for zkCli: options anywhere, letters together (`-Rs`), values behind
 * (`-v 3`, `-v3`), everything after `--` a word. Throws a ZkUsageError with Java's text.
 */
export function parseArguments(argv: readonly string[], specs: Specs = {}): ZkArguments {
  const options = new Map<string, string | true>()
  const words: string[] = []
  const left = [...argv]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '--') {
      words.push(...left.splice(0))
    } else if (!word.startsWith('-') || word === '-' || /^-\d/.test(word)) words.push(word)
    else readOption(word, left, specs, options)
  }
  const needed = Object.values(specs).find(({ requires }) => requires !== undefined)
  if (needed !== undefined && options.size === 0)
    throw new ZkUsageError(
      `org.apache.commons.cli.MissingOptionException: Missing required option: ${needed.requires}`,
    )
  return { options, words }
}

function readOption(word: string, left: string[], specs: Specs, options: Map<string, string | true>): void {
  const name = word.replace(/^--?/, '')
  if (Object.hasOwn(specs, name)) {
    setOption(name, specs, options, () => left.shift())
    return
  }
  const letters = [...name]
  for (const [index, letter] of letters.entries()) {
    if (!Object.hasOwn(specs, letter))
      throw new ZkUsageError(
        `org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: ${word}`,
      )
    const rest = letters.slice(index + 1).join('')
    setOption(letter, specs, options, () => (rest === '' ? left.shift() : rest))
    if (specs[letter]?.hasValue === true) return
  }
}

function setOption(
  name: string,
  specs: Specs,
  options: Map<string, string | true>,
  takeValue: () => string | undefined,
): void {
  const spec = specs[name] ?? {}
  const rival = [...options.keys()].find((other) => other !== name && isRival(specs[other], spec))
  if (rival !== undefined)
    throw new ZkUsageError(
      `org.apache.commons.cli.AlreadySelectedException: The option '${name}' was specified but an option from this ` +
        `group has already been selected: '${rival}'`,
    )
  const value = spec.hasValue === true ? takeValue() : true
  if (value === undefined)
    throw new ZkUsageError(
      `org.apache.commons.cli.MissingArgumentException: Missing argument for option: ${name}`,
    )
  options.set(name, value)
}

function isRival(other: OptionSpec | undefined, spec: OptionSpec): boolean {
  return spec.group !== undefined && other?.group === spec.group
}

/** The value of an option as a number; `orElse` when it is not there. Throws for anything but digits. */
export function numberOption(args: ZkArguments, name: string, orElse: number): number {
  const text = args.options.get(name)
  if (text === undefined) return orElse
  if (typeof text !== 'string' || !/^-?\d{1,15}$/.test(text))
    throw new ZkUsageError(`-${name} takes a number, not '${String(text)}'`)
  return Number(text)
}

/**
 * A line of the shell as words: quotes keep what is between them together, as in zkCli. An open quote is an error of its
 * own here, where zkCli takes the rest of the line.
 */
export function splitLine(line: string): string[] {
  const words: string[] = []
  for (const [, single, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g))
    words.push(single ?? double ?? plain ?? '')
  return words
}
