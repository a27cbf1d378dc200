/**
 * Command lines as argparse4j takes them, which some of Kafka's tools are made with: the same words are taken, the same are
 * refused, in the same words. Help is the tool's own text.
 */

import { lineBreaks } from '../jopt/help.ts'
import { JavaExit } from '../jopt/java-main.ts'

export interface ArgparseArgument {
  /** With its hyphens. */
  readonly flag: string
  readonly type: 'String' | 'Integer' | 'Long' | 'Double' | 'flag'
  /** Takes all words up to the next flag, at least one. */
  readonly isList?: boolean
  /** The only values there are. */
  readonly choices?: readonly string[]
}

export interface ArgparseDefinition {
  readonly program: string
  readonly arguments: readonly ArgparseArgument[]
  /** What is taken beside them, and not shown: another name of one of them, or one of its own. */
  readonly newer?: NewerArguments
  /** In the order in which they are missed. */
  readonly required: readonly string[]
  /** Exactly one of these. */
  readonly oneOf: readonly string[]
  /** What stands before an error. */
  readonly usage: string
  /** What stands behind the usage in the help. */
  readonly help: string
}

/** By flag: the older flag of the same argument, or an argument that has none. */
export type NewerArguments = Readonly<Record<string, string | Omit<ArgparseArgument, 'flag'>>>

const WIDTH = 75

/** What was found: texts by flag; a flag that takes nothing has no texts. */
export class ArgparseResult {
  private readonly found = new Map<string, readonly string[]>()

  set(flag: string, values: readonly string[]): void {
    this.found.set(flag, values)
  }

  has(flag: string): boolean {
    return this.found.has(flag)
  }

  value(flag: string): string | undefined {
    return this.found.get(flag)?.[0]
  }

  values(flag: string): readonly string[] | undefined {
    return this.found.get(flag)
  }

  number(flag: string): number | undefined {
    const text = this.value(flag)
    return text === undefined ? undefined : Number(text.replace(/[dDfF]$/, ''))
  }
}

/** Throws {@link JavaExit} with help or an error. */
export function parseArguments(words: readonly string[], definition: ArgparseDefinition): ArgparseResult {
  const { usage, help, required, oneOf } = definition
  if (words.length === 0) throw new JavaExit(0, { out: `${usage}${help}` })
  const result = new ArgparseResult()
  const rest = [...words]
  const unknown: string[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-h' || word === '--help') throw new JavaExit(1, { out: `${usage}${help}` })
    const [flag = '', implicit] = cut(word)
    const argument = word.startsWith('-') ? find(flag, definition) : undefined
    if (argument === undefined) unknown.push(word)
    else {
      refuseBoth(flag, argument.flag, words, definition)
      take(argument, implicit, rest, result, definition)
    }
  }
  if (unknown.length > 0) throw argparseError(definition, `unrecognized arguments: '${unknown.join(' ')}'`)
  for (const flag of required)
    if (!result.has(flag)) throw argparseError(definition, `argument ${flag} is required`)
  if (!oneOf.some((flag) => result.has(flag)))
    throw argparseError(definition, `one of the arguments ${oneOf.join(' ')} is required`)
  return result
}

function take(
  argument: ArgparseArgument,
  implicit: string | undefined,
  rest: string[],
  result: ArgparseResult,
  definition: ArgparseDefinition,
): void {
  const { flag, type } = argument
  const refuse = (message: string) => argparseError(definition, `argument ${flag}: ${message}`)
  const rival = definition.oneOf.find((one) => one !== flag && result.has(one))
  if (definition.oneOf.includes(flag) && rival !== undefined)
    throw refuse(`not allowed with argument ${rival}`)
  if (type === 'flag') {
    if (implicit !== undefined) throw refuse(`ignore implicit argument '${implicit}'`)
    result.set(flag, [])
    return
  }
  const values: string[] = implicit === undefined ? [] : [implicit]
  while (rest[0] !== undefined && !isFlag(rest[0]) && (argument.isList === true || values.length === 0))
    values.push(rest.shift() ?? '')
  if (values.length === 0)
    throw refuse(argument.isList === true ? 'expected 1 argument(s)' : 'expected one argument')
  const wrong = values.find((value) => !isOf(type, value))
  if (wrong !== undefined)
    throw refuse(`could not convert '${wrong}' to ${type} (For input string: "${wrong}")`)
  const { choices } = argument
  const other = values.find((value) => choices?.includes(value) === false)
  if (other !== undefined) throw refuse(`invalid choice: '${other}' (choose from {${choices?.join(',')}})`)
  result.set(flag, values)
}

/** The same thing is not said in two ways: it would not be clear which holds. */
function refuseBoth(
  flag: string,
  older: string,
  words: readonly string[],
  definition: ArgparseDefinition,
): void {
  if (flag === older || definition.newer?.[flag] !== older) return
  if (words.some((word) => cut(word)[0] === older))
    throw argparseError(definition, `Options ${older} and ${flag} cannot be specified together.`)
}

/** A negative number is a value: no flag looks like one. */
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d+(\.\d+)?$/.test(word)
}

function cut(word: string): [string, string | undefined] {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

/** By its name, or by a beginning that only one has. */
function find(flag: string, definition: ArgparseDefinition): ArgparseArgument | undefined {
  const newer = definition.newer?.[flag]
  if (newer !== undefined && typeof newer !== 'string') return { ...newer, flag }
  const name = newer ?? flag
  const exact = definition.arguments.find((argument) => argument.flag === name)
  if (exact !== undefined || !flag.startsWith('--')) return exact
  const candidates = definition.arguments.filter((argument) => argument.flag.startsWith(flag))
  if (candidates.length > 1) {
    const names = candidates.map((candidate) => candidate.flag).join(', ')
    throw argparseError(definition, `ambiguous option: ${flag} could match ${names}`)
  }
  return candidates[0]
}

function isOf(type: string, text: string): boolean {
  if (type === 'String') return true
  if (type === 'Double')
    return /^\s*[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?)\s*$/.test(text)
  if (!/^[+-]?\d{1,19}$/.test(text)) return false
  const limit = type === 'Integer' ? 2n ** 31n : 2n ** 63n
  const value = BigInt(text.replace('+', ''))
  return value >= -limit && value < limit
}

/** ArgumentParser.handleError: the usage, and the error in justified lines. */
export function argparseError(definition: ArgparseDefinition, message: string): JavaExit {
  const text = justified(`${definition.program}: error: ${message}`)
  return new JavaExit(1, { err: `${definition.usage}${text}\n` })
}

/** Lines of 75 columns, all but the last filled with spaces from the middle outwards (TextHelper.wrap). */
export function justified(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const piece of lineBreaks(text)) {
    if (line !== '' && line.length + piece.length > WIDTH) {
      lines.push(stretched(line.trimEnd()))
      line = ''
    }
    line += piece
  }
  return [...lines, line.trimEnd()].join('\n')
}

function stretched(line: string): string {
  const words = line.split(' ')
  const gaps = words.length - 1
  if (gaps === 0) return line
  const missing = WIDTH - line.length
  const spaces = Array.from({ length: gaps }, () => 1 + Math.floor(missing / gaps))
  for (const at of fromTheMiddle(gaps).slice(0, missing % gaps)) spaces[at] = (spaces[at] ?? 0) + 1
  return words.map((word, i) => `${word}${' '.repeat(spaces[i] ?? 0)}`).join('')
}

/** Of five: 2, 3, 1, 4, 0; of six: 3, 2, 4, 1, 5, 0. */
function fromTheMiddle(count: number): number[] {
  const middle = Math.floor(count / 2)
  const order = [middle]
  for (let step = 1; order.length < count; step++) {
    const [first, second] = count % 2 === 0 ? [middle - step, middle + step] : [middle + step, middle - step]
    for (const at of [first, second]) if (at !== undefined && at >= 0 && at < count) order.push(at)
  }
  return order
}
