/** Small pieces of Java that Kafka's tools rely on. */
import { JavaException } from '../../base/java-exception.ts'
import { javaHashOrder } from './java-hash-order.ts'

export function illegalArgument(message: string): JavaException {
  return new JavaException('java.lang.IllegalArgumentException', message)
}

/** Integer.parseInt. Throws NumberFormatException. */
export function javaInt(text: string): number {
  if (isJavaInt(text)) return Number(text)
  const overflow = /^[+-]?\d+$/.test(text) ? ' under radix 10' : ''
  throw new JavaException('java.lang.NumberFormatException', `For input string: "${text}"${overflow}`)
}

const MAX_UUID_CHARACTERS = 24
const UUID_BYTES = 16

/** org.apache.kafka.common.Uuid.fromString; gives the text again. */
export function javaUuid(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (text.length > MAX_UUID_CHARACTERS) {
    const start = text.slice(0, MAX_UUID_CHARACTERS)
    throw illegalArgument(`Input string with prefix \`${start}\` is too long to be decoded as a base64 UUID`)
  }
  const { length } = Buffer.from(text, 'base64url')
  if (length === UUID_BYTES) return text
  throw illegalArgument(
    `Input string \`${text}\` decoded as ${length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`,
  )
}

/** String.split with a regular expression: empty pieces at the end are dropped. */
export function javaSplit(text: string, separator: RegExp): string[] {
  const pieces = text.split(separator)
  if (pieces.length === 1) return pieces
  while (pieces.length > 0 && pieces.at(-1) === '') pieces.pop()
  return pieces
}

/** Names with commas between, each an expression; for whole names (org.apache.kafka.server.util.TopicFilter.IncludeList). */
export function includeList(text: string): RegExp {
  const expression = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+|["']+$/g, '')
  try {
    return javaPattern(expression)
  } catch {
    throw new JavaException('java.lang.RuntimeException', `${expression} is an invalid regex.`)
  }
}

/** Pattern.compile, for whole texts. Throws a SyntaxError. */
export function javaPattern(expression: string): RegExp {
  return new RegExp(`^(?:${expression})$`)
}

/** org.apache.kafka.tools.ToolsUtils.duplicates: what is there more than once, in the order of a HashSet. */
export function javaDuplicates<T>(items: readonly T[], hashCode: (item: T) => number): T[] {
  return javaHashOrder([...new Set(items.filter((item, i) => items.indexOf(item) < i))], hashCode)
}

export function isJavaInt(text: string): boolean {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  return number >= -0x80000000 && number <= 0x7fffffff
}

/** Long.parseLong; undefined for what is none. Beyond 2^53 it is not exact. */
export function parseJavaLong(text: string): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined
  const number = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, number) === number ? Number(number) : undefined
}

/** Double.parseDouble, without hexadecimal numbers; undefined for what is none. */
export function parseJavaDouble(text: string): number | undefined {
  const match = /^\s*([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))[fFdD]?\s*$/.exec(text)
  return match === null ? undefined : Number(match[1]?.replace(/^\+/, ''))
}

/** Double.toString */
export function javaDouble(value: number): string {
  return javaNumber(value, String(value))
}

/** Float.toString */
export function javaFloat(value: number): string {
  return javaNumber(value, shortestFloat(value))
}

/** Java always shows a fraction and uses `E` for the exponent. */
function javaNumber(value: number, text: string): string {
  if (!Number.isFinite(value)) return String(value)
  const absolute = Math.abs(value)
  if (absolute !== 0 && (absolute < 1e-3 || absolute >= 1e7)) {
    const [digits = '', exponent = ''] = Number(text).toExponential().split('e')
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
  }
  return text.includes('.') ? text : `${Object.is(value, -0) ? '-0' : text}.0`
}

/** The fewest digits that give the same 32-bit float. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(value)
}

/** scala.collection.immutable.Set.toString; the order is that of small sets. */
export function scalaSet(items: readonly string[]): string {
  return `Set(${items.join(', ')})`
}
