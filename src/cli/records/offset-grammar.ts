import { UsageError } from '../exit-codes.ts'

/**
 * A place in a partition.
 * `start+n` and `end-n` count from the ends; `offset` is absolute; `time` is the first record at or after a moment.
 */
export type Point =
  | { readonly kind: 'start'; readonly plus: number }
  | { readonly kind: 'end'; readonly minus: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly timestampMs: number }

export interface OffsetRange {
  readonly from: Point
  /** Exclusive. Undefined means the end of the partition (or no end, when following). */
  readonly to?: Point
}

export const START: Point = { kind: 'start', plus: 0 }
export const END: Point = { kind: 'end', minus: 0 }

const HINT =
  'Offsets are start, end, N, +N, -N, N:M, @TIME or @TIME:TIME; times are ms, seconds, RFC 3339 or -1h.'

/**
 * `start`, `end`, `N`, `+N` (from the start), `-N` (before the end), `A:B`, `:B`, `@TIME`, `@TIME:TIME`. The end of a range is
 * not part of it. A time range's second part may be a length: `@2024-02-14T00:00:00Z:1h`.
 */
export function parseRange(text: string, nowMs: number): OffsetRange {
  if (text.startsWith('@')) return timeRange(text.slice(1), nowMs)
  const parts = text.split(':')
  const [first = '', second] = parts
  if (parts.length > 2) throw new UsageError(`'${text}' is no offset range`, HINT)
  const from = first === '' ? START : parsePoint(first, nowMs)
  if (second === undefined) return { from }
  if (second === '') throw new UsageError(`'${text}' has no end behind the colon`, HINT)
  const to = parsePoint(second, nowMs)
  // `10:+5` reads as a length there.
  if (to.kind === 'start' && to.plus > 0 && from.kind === 'offset') {
    return { from, to: { kind: 'offset', offset: from.offset + to.plus } }
  }
  return { from, to }
}

export function parsePoint(text: string, nowMs: number): Point {
  const word = text.trim().toLowerCase()
  if (word === 'start' || word === 'earliest' || word === 'beginning') return START
  if (word === 'end' || word === 'latest') return END
  if (word.startsWith('@')) return { kind: 'time', timestampMs: parseTime(text.trim().slice(1), nowMs) }
  const match = /^([+-]?)(\d{1,15})$/.exec(word)
  if (match === null) throw new UsageError(`'${text}' is no offset`, HINT)
  const number = Number(match[2])
  if (match[1] === '+') return { kind: 'start', plus: number }
  if (match[1] === '-') return { kind: 'end', minus: number }
  return { kind: 'offset', offset: number }
}

/** RFC 3339 has colons of its own, so the colon that parts the two times is the one that leaves two times. */
function timeRange(text: string, nowMs: number): OffsetRange {
  const whole = tryTime(text, nowMs)
  if (whole !== undefined) return { from: { kind: 'time', timestampMs: whole } }
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const fromMs = at === 0 ? 0 : tryTime(text.slice(0, at), nowMs)
    const rest = text.slice(at + 1).replace(/^@/, '')
    if (fromMs === undefined) continue
    const from: Point = at === 0 ? START : { kind: 'time', timestampMs: fromMs }
    if (rest === 'end') return { from, to: END }
    const length = parseDuration(rest)
    const toMs = length === undefined ? tryTime(rest, nowMs) : fromMs + length
    if (toMs !== undefined) return { from, to: { kind: 'time', timestampMs: toMs } }
  }
  throw new UsageError(`'@${text}' is no time`, HINT)
}

export function parseTime(text: string, nowMs: number): number {
  const found = tryTime(text, nowMs)
  if (found === undefined) throw new UsageError(`'${text}' is no time`, HINT)
  return found
}

/**
 * Undefined when it is none. Up to 10 digits are seconds, more are milliseconds. A date without a zone would mean something
 * else on every machine.
 */
export function tryTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  if (/^\d{11,15}$/.test(text)) return Number(text)
  if (text.startsWith('-')) {
    const ago = parseDuration(text.slice(1))
    return ago === undefined ? undefined : nowMs - ago
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/i.test(text)) {
    const parsed = Date.parse(text.replace(' ', 'T'))
    return Number.isNaN(parsed) ? undefined : parsed
  }
  return undefined
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `90s`, `1h30m`, `2d`: milliseconds, or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g))
    total += Number(count) * (UNIT_MS[unit ?? ''] ?? 0)
  return total
}
