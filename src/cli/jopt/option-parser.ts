/**
 * Option parsing as joptsimple 5 does it, which Kafka's tools are made with: the same words are taken, the same are refused,
 * with the same exceptions. Values are converted when they are asked for, as there.
 */
import { JavaException } from '../../base/java-exception.ts'
import { javaHash } from '../../base/java-hash.ts'

export type ArgumentType = 'String' | 'Integer' | 'Long' | 'Double'

export interface OptionSpec {
  /** One name or several that mean the same; long and short ones alike. */
  readonly names: readonly string[]
  readonly description: string
  /** Undefined for an option that takes none. */
  readonly argument?: {
    readonly isRequired: boolean
    /** The last form is what help shows of an enumeration, `[A,B]`. */
    readonly type?: ArgumentType | `[${string}]`
    readonly describedAs?: string
    readonly defaults?: readonly (string | number)[]
    /** One argument may hold several values with this between them. */
    readonly separator?: string
  }
  readonly isRequired?: boolean
  /** Required where none of these is given. */
  readonly requiredUnless?: readonly string[]
  /** Taken only beside one of these. */
  readonly availableIf?: readonly string[]
  /** With such an option nothing else is required. */
  readonly isForHelp?: boolean
}

export interface ParserOptions {
  /** `--file` for `--files` where that is the only option that begins so. Most tools of Kafka's do not allow it. */
  readonly allowAbbreviations?: boolean
  /** What is taken beside the options, and not shown: another name of one of them, or one of its own. */
  readonly newer?: NewerOptions
}

/** By name: the older name of the same option, or an option that has none. */
export type NewerOptions = Readonly<Record<string, string | Omit<OptionSpec, 'names' | 'description'>>>

export class OptionParser {
  /** Those that help shows. */
  readonly specs: readonly OptionSpec[]
  private readonly byName = new Map<string, OptionSpec>()
  /** Newer names, with the older ones of the same options. */
  private readonly olderNames = new Map<string, string>()
  private readonly allowAbbreviations: boolean

  constructor(specs: readonly OptionSpec[], options: ParserOptions = {}) {
    this.specs = specs
    this.allowAbbreviations = options.allowAbbreviations === true
    for (const spec of specs) for (const name of spec.names) this.byName.set(name, spec)
    for (const [name, newer] of Object.entries(options.newer ?? {})) {
      const spec =
        typeof newer === 'string' ? this.byName.get(newer) : { ...newer, names: [name], description: '' }
      if (spec === undefined) throw new TypeError(`--${name} stands for --${newer}, which is no option`)
      this.byName.set(name, spec)
      if (typeof newer === 'string') this.olderNames.set(name, newer)
    }
  }

  parse(words: readonly string[]): OptionSet {
    const found = new OptionSet(this.byName)
    const typed = new Set<string>()
    const rest = [...words]
    let areOptions = true
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (!areOptions || !word.startsWith('-') || word === '-') found.nonOptions.push(word)
      else if (word === '--') areOptions = false
      else if (word.startsWith('--')) typed.add(this.long(word, rest, found))
      else this.short(word, rest, found)
    }
    this.checkSpellings(typed)
    if (this.specs.some((spec) => spec.isForHelp === true && found.hasSpec(spec))) return found
    this.checkRequired(found)
    this.checkAvailable(found)
    return found
  }

  /** Gives the name as it was typed. */
  private long(word: string, rest: string[], found: OptionSet): string {
    const { key, value } = keyAndValue(word.slice(2))
    const spec = this.find(key)
    if (spec === undefined) throw unrecognized(key)
    accept(spec, value, rest, found)
    return key
  }

  /** One hyphen will do for a long name too; else every letter is an option, up to one that takes the rest. */
  private short(word: string, rest: string[], found: OptionSet): void {
    const { key, value } = keyAndValue(word.slice(1))
    const spec = this.find(key)
    if (spec !== undefined) {
      accept(spec, value, rest, found)
      return
    }
    const letters = word.slice(1)
    const cluster: OptionSpec[] = []
    for (const letter of letters.split('')) {
      const one = this.find(letter)
      if (one === undefined) throw unrecognized(letter)
      cluster.push(one)
      if (one.argument !== undefined) break
    }
    cluster.forEach((one, i) => {
      const behind = one.argument === undefined ? '' : letters.slice(i + 1)
      accept(one, behind === '' ? undefined : behind, rest, found)
    })
  }

  private find(name: string): OptionSpec | undefined {
    const exact = this.byName.get(name)
    if (exact !== undefined || !this.allowAbbreviations || name === '') return exact
    const matching = this.specs.filter(({ names }) => names.some((other) => other.startsWith(name)))
    return new Set(matching).size === 1 ? matching[0] : undefined
  }

  /** The same thing is not said in two ways: it would not be clear which holds. */
  private checkSpellings(typed: ReadonlySet<string>): void {
    for (const [newer, older] of this.olderNames)
      if (typed.has(newer) && typed.has(older))
        throw optionException(
          'OptionException',
          `Options --${older} and --${newer} cannot be specified together.`,
        )
  }

  private checkRequired(found: OptionSet): void {
    const isNeeded = ({ isRequired, requiredUnless }: OptionSpec) =>
      isRequired === true || requiredUnless?.every((name) => !found.has(name)) === true
    const missing = this.specs.filter((spec) => isNeeded(spec) && !found.hasSpec(spec))
    if (missing.length === 0) return
    const names = missing.map(displayName).join(', ')
    throw optionException('MissingRequiredOptionsException', `Missing required option(s) [${names}]`)
  }

  private checkAvailable(found: OptionSet): void {
    const isOut = ({ availableIf }: OptionSpec) => availableIf?.some((name) => found.has(name)) === false
    const unavailable = this.specs.filter((spec) => found.hasSpec(spec) && isOut(spec))
    if (unavailable.length === 0) return
    // In the order of the hash map that joptsimple goes through.
    const bucketOf = ({ names: [name = ''] }: OptionSpec) => {
      const hash = (31 + javaHash(name)) | 0
      return (hash ^ (hash >>> 16)) & 15
    }
    unavailable.sort((a, b) => bucketOf(a) - bucketOf(b))
    const names = unavailable.map(displayName).join(', ')
    throw optionException(
      'UnavailableOptionException',
      `Option(s) [${names}] are unavailable given other options on the command line`,
    )
  }
}

/** What was found on a command line. */
export class OptionSet {
  readonly nonOptions: string[] = []
  /** The options in the order in which they were found, as often as they were. */
  readonly detected: OptionSpec[] = []
  private readonly byName: ReadonlyMap<string, OptionSpec>
  private readonly found = new Map<OptionSpec, string[]>()

  constructor(byName: ReadonlyMap<string, OptionSpec>) {
    this.byName = byName
  }

  add(spec: OptionSpec, value?: string): void {
    this.detected.push(spec)
    const values = this.found.get(spec) ?? []
    this.found.set(spec, values)
    if (value !== undefined) values.push(value)
  }

  hasSpec(spec: OptionSpec): boolean {
    return this.found.has(spec)
  }

  has(name: string): boolean {
    return this.found.has(this.spec(name))
  }

  /** All values, or the defaults when there is none. */
  values(name: string): readonly string[] {
    const spec = this.spec(name)
    const values = this.found.get(spec)
    if (values !== undefined && values.length > 0) return values
    return (spec.argument?.defaults ?? []).map(String)
  }

  /** The only value, or the default, or undefined. */
  value(name: string): string | undefined {
    const values = this.values(name)
    if (values.length <= 1) return values[0]
    throw optionException(
      'MultipleArgumentsForOptionException',
      `Found multiple arguments for option ${displayName(this.spec(name))}, but you asked for only one`,
    )
  }

  /** Of a java.lang.Integer. */
  integer(name: string): number | undefined {
    return this.number(name, (number) => number >= -0x80000000 && number <= 0x7fffffff)
  }

  /** Of a java.lang.Long; numbers that a double does not hold exactly are refused too. */
  long(name: string): number | undefined {
    return this.number(name, Number.isSafeInteger)
  }

  private number(name: string, isInRange: (number: number) => boolean): number | undefined {
    const text = this.value(name)
    if (text === undefined) return undefined
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
    if (isInRange(number)) return number
    throw optionException(
      'OptionArgumentConversionException',
      `Cannot parse argument '${text}' of option ${displayName(this.spec(name))}`,
    )
  }

  private spec(name: string): OptionSpec {
    const spec = this.byName.get(name)
    if (spec === undefined) throw new TypeError(`there is no option ${name}`)
    return spec
  }
}

function accept(spec: OptionSpec, given: string | undefined, rest: string[], found: OptionSet): void {
  const { argument } = spec
  if (argument === undefined) found.add(spec)
  else if (given !== undefined) addValues(spec, given, found)
  else if (argument.isRequired) {
    const next = rest.shift()
    if (next === undefined) {
      throw optionException(
        'OptionMissingRequiredArgumentException',
        `Option ${displayName(spec)} requires an argument`,
      )
    }
    addValues(spec, next, found)
  } else if (rest[0] !== undefined && !looksLikeOption(rest[0], argument.type)) {
    addValues(spec, rest.shift() ?? '', found)
  } else found.add(spec)
}

function addValues(spec: OptionSpec, text: string, found: OptionSet): void {
  const separator = spec.argument?.separator
  const values = separator === undefined ? [text] : text.split(separator).filter((value) => value !== '')
  for (const value of values.length === 0 ? [text] : values) found.add(spec, value)
}

/** A negative number is no option where a number is wanted. */
function looksLikeOption(word: string, type: string | undefined): boolean {
  if (!word.startsWith('-') || word === '-' || word === '--') return false
  return type === undefined || type === 'String' || !/^-\d+(\.\d+)?$/.test(word)
}

function keyAndValue(text: string): { key: string; value: string | undefined } {
  const at = text.indexOf('=')
  return at === -1 ? { key: text, value: undefined } : { key: text.slice(0, at), value: text.slice(at + 1) }
}

/** As exceptions and help name an option. */
function displayName(spec: OptionSpec): string {
  return arrangedNames(spec).join('/')
}

/** Short names first, each kind in order. */
export function arrangedNames(spec: OptionSpec): string[] {
  const sorted = [...spec.names].sort()
  return [...sorted.filter((name) => name.length === 1), ...sorted.filter((name) => name.length > 1)]
}

function unrecognized(name: string): JavaException {
  return optionException('UnrecognizedOptionException', `${name} is not a recognized option`)
}

function optionException(name: string, text: string): JavaException {
  return new JavaException(`joptsimple.${name}`, text)
}
