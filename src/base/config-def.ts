import { KcliError } from './errors.ts'

export type ConfigType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD'

/** Name, type, default as text (null: none), valid values as Kafka prints them ('' for any), importance. */
export type ConfigRow = readonly [
  name: string,
  type: ConfigType,
  defaultText: string | null,
  valid: string,
  importance: 'HIGH' | 'MEDIUM' | 'LOW',
]

/** A LONG beyond 2^53 is a bigint, all smaller ones are numbers. */
export type ConfigValue = string | number | bigint | boolean | readonly string[] | null

export interface ConfigKey {
  readonly name: string
  readonly type: ConfigType
  readonly defaultText: string | null
  readonly valid: string
}

/** A value that does not fit its definition, in Kafka's words (org.apache.kafka.common.config.ConfigException). */
export class ConfigError extends KcliError {
  /** How brokers answer it. */
  readonly errorName = 'INVALID_CONFIG'

  constructor(message: string, options: { hint?: string } = {}) {
    super('KCLI_CONFIG', message, options)
  }

  static ofValue(name: string, value: ConfigValue, reason: string | null): ConfigError {
    const because = reason === null ? '' : `: ${reason}`
    // A class that names itself is given another name when it is bundled, and errors show theirs.
    return new this(`Invalid value ${shown(value)} for configuration ${name}${because}`)
  }
}

/** A table of definitions (org.apache.kafka.common.config.ConfigDef). */
export class ConfigDef {
  private readonly keys: ReadonlyMap<string, ConfigKey>

  constructor(rows: readonly ConfigRow[]) {
    this.keys = new Map(
      rows.map(([name, type, defaultText, valid]) => [name, { name, type, defaultText, valid }]),
    )
  }

  key(name: string): ConfigKey | undefined {
    return this.keys.get(name)
  }

  /** In alphabetical order. */
  names(): string[] {
    return [...this.keys.keys()]
  }

  /** The typed and checked value. Throws {@link ConfigError}. */
  parse(name: string, text: string): ConfigValue {
    const key = this.keys.get(name)
    if (key === undefined) throw new ConfigError(`Unknown configuration '${name}'`)
    return parseConfig(key, text)
  }

  /** The default, typed; null when there is none. */
  defaultOf(name: string): ConfigValue {
    const key = this.keys.get(name)
    if (key === undefined || key.defaultText === null) return null
    return parseConfigValue(key.name, key.type, key.defaultText)
  }
}

/** The typed value of a text, checked against what the definition allows. Throws {@link ConfigError}. */
export function parseConfig(key: ConfigKey, text: string): ConfigValue {
  const value = parseConfigValue(key.name, key.type, text)
  checkValid(key, value)
  return value
}

const NUMBER_BOUNDS = {
  SHORT: [-32768n, 32767n],
  INT: [-2147483648n, 2147483647n],
  LONG: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

/** ConfigDef.parseType: what a text in a file or a request means. Throws {@link ConfigError}. */
export function parseConfigValue(name: string, type: ConfigType, text: string): ConfigValue {
  const trimmed = text.trim()
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase()
      if (lower === 'true' || lower === 'false') return lower === 'true'
      throw ConfigError.ofValue(name, text, 'Expected value to be either true or false')
    }
    case 'SHORT':
    case 'INT':
    case 'LONG':
      return parseInteger(name, type, text, trimmed)
    case 'DOUBLE':
      if (!/^[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?)$/.test(trimmed)) {
        throw ConfigError.ofValue(name, text, 'Not a number of type DOUBLE')
      }
      return Number(trimmed.replace(/[fFdD]$/, ''))
    case 'LIST':
      return trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return trimmed
  }
}

function parseInteger(name: string, type: 'SHORT' | 'INT' | 'LONG', text: string, trimmed: string) {
  const [lowest, highest] = NUMBER_BOUNDS[type]
  // Nothing longer than 20 digits can be in bounds; do not build huge bigints from hostile input.
  const value = /^[+-]?0*\d{1,20}$/.test(trimmed) ? BigInt(trimmed.replace(/^\+/, '')) : undefined
  if (value === undefined || value < lowest || value > highest) {
    throw ConfigError.ofValue(name, text, `Not a number of type ${type}`)
  }
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The validators of Kafka's definitions, chosen by what they print as valid values. Throws {@link ConfigError}. */
function checkValid(key: ConfigKey, value: ConfigValue): void {
  const { name, valid } = key
  if (valid === '') return
  const range = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\](?: or (-?\d+))?$/.exec(valid)
  if (range !== null) {
    checkRange(key, value, range)
    return
  }
  if (valid.startsWith('[partitionId]:[brokerId]')) {
    checkThrottledReplicas(name, value)
    return
  }
  if (valid === 'non-empty string' && value === '') {
    throw ConfigError.ofValue(name, value, 'String must be non-empty')
  }
  if (valid.startsWith('[0.8.0, ')) {
    checkMetadataVersion(name, value, valid)
    return
  }
  const folded = valid.startsWith('(case insensitive) ')
  const list = /^\[(.*)\]$/.exec(folded ? valid.slice('(case insensitive) '.length) : valid)
  if (list === null) return
  const allowed = (list[1] ?? '').split(', ')
  const given = Array.isArray(value) ? (value as readonly string[]) : [String(value)]
  for (const item of given) {
    if (allowed.includes(folded ? item.toUpperCase() : item)) continue
    const what = folded ? 'String must be one of (case insensitive)' : 'String must be one of'
    throw ConfigError.ofValue(name, item, `${what}: ${allowed.join(', ')}`)
  }
}

function checkRange(key: ConfigKey, value: ConfigValue, range: RegExpExecArray): void {
  const [, lowest = '', highest, exception] = range
  const number = Number(value)
  const fail = (reason: string) => ConfigError.ofValue(key.name, configText(key.type, value), reason)
  if (exception !== undefined) {
    if (number === Number(exception) || (number >= Number(lowest) && number <= Number(highest))) return
    throw fail(`Value must be between ${lowest} and ${highest} or equal to ${exception}`)
  }
  if (number < Number(lowest)) throw fail(`Value must be at least ${lowest}`)
  if (highest !== undefined && number > Number(highest)) throw fail(`Value must be no more than ${highest}`)
}

function checkThrottledReplicas(name: string, value: ConfigValue): void {
  const items = Array.isArray(value) ? (value as readonly string[]) : []
  if (items.join('') === '*' || items.every((item) => /^(\d+:\d+)?$/.test(item))) return
  const form = '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
  const reason = `${name} must be the literal '*' or a list of replicas in the following format: ${form}`
  throw ConfigError.ofValue(name, value, reason)
}

/** `3.9`, `3.9-IV0` and `3.9.1` are all the same version. */
function checkMetadataVersion(name: string, value: ConfigValue, valid: string): void {
  const text = String(value)
  const segments = text.split('.')
  const key = segments.slice(0, text.startsWith('0.') ? 3 : 2).join('.')
  const known = valid.slice(1, -1).split(', ')
  if (known.some((version) => version === key || version.replace(/-IV\d+$/, '') === key)) return
  throw ConfigError.ofValue(name, value, `Version ${text} is not a valid version`)
}

/** How Kafka prints a value in its messages. */
function shown(value: ConfigValue): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  return String(value)
}

/** ConfigDef.convertToString: how a value stands in a DescribeConfigs response. */
export function configText(type: ConfigType, value: ConfigValue): string | null {
  if (value === null) return null
  if (Array.isArray(value)) return value.join(',')
  if (type === 'DOUBLE') return javaDouble(Number(value))
  return String(value)
}

/** java.lang.Double.toString: `0.5`, `1.0`, `1.0E-5`. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7)) {
    const text = Object.is(value, -0) ? '-0' : String(value)
    return text.includes('.') ? text : `${text}.0`
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`
}
