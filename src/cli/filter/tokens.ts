import { tryTime } from '../records/offset-grammar.ts'
import { FilterSyntaxError } from './syntax-error.ts'

/** One word of an expression; `at` is where it begins. */
export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'time' | 'regex' | 'symbol' | 'end'
  readonly at: number
  readonly end: number
  /** As it was written; of a text what stands between the quotes. */
  readonly text: string
  /** Of numbers, and of times in milliseconds. */
  readonly number: number
  /** Of regular expressions. */
  readonly flags: string
}

const BLANK = /\s+/y
const TIME = /-(?:\d+(?:ms|[smhdw]))+(?![\w.])|now\b|\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?/iy
const NUMBER = /[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[\p{L}_$][\p{L}\p{N}_$-]*/uy
const SYMBOL = /==|=~|!=|<>|<=|>=|&&|\|\||[=<>!()[\],.]/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' }

/** Cuts an expression into words. Throws {@link FilterSyntaxError}. */
export function tokenize(text: string, nowMs: number): Token[] {
  const tokens: Token[] = []
  for (let at = skipBlanks(text, 0); at < text.length; ) {
    const token = nextToken(text, at, nowMs, tokens.at(-1))
    tokens.push(token)
    at = skipBlanks(text, token.end)
  }
  tokens.push(make('end', text.length, text.length, ''))
  return tokens
}

function nextToken(text: string, at: number, nowMs: number, before: Token | undefined): Token {
  const char = text[at] ?? ''
  if (char === '"' || char === "'") return quoted(text, at, char)
  if (char === '/') return regex(text, at)
  // Behind a dot stands a field, whatever it is called.
  const isField = before?.kind === 'symbol' && before.text === '.'
  const time = isField ? undefined : matchAt(TIME, text, at)
  if (time !== undefined) return timeToken(text, at, time, nowMs)
  const name = matchAt(NAME, text, at)
  if (name !== undefined) return make('name', at, at + name.length, name)
  const number = matchAt(NUMBER, text, at)
  if (number !== undefined) return numberToken(text, at, number)
  const symbol = matchAt(SYMBOL, text, at)
  if (symbol !== undefined) return make('symbol', at, at + symbol.length, symbol)
  throw new FilterSyntaxError(
    text,
    at,
    `'${String.fromCodePoint(text.codePointAt(at) ?? 0)}' has no meaning here`,
    adviceFor(char),
  )
}

function adviceFor(char: string): string | undefined {
  if (char === '&') return 'Write `and`, or &&.'
  return char === '|' ? 'Write `or`, or ||.' : undefined
}

function timeToken(text: string, at: number, word: string, nowMs: number): Token {
  const timeMs = tryTime(word.toLowerCase() === 'now' ? 'now' : word, nowMs)
  if (timeMs === undefined || Number.isNaN(timeMs)) {
    throw new FilterSyntaxError(
      text,
      at,
      `'${word}' is no time`,
      'Times are -1h, 2024-05-01, or 2024-05-01T10:00:00Z with a zone; now is the moment when the command starts.',
    )
  }
  return make('time', at, at + word.length, word, timeMs)
}

function numberToken(text: string, at: number, word: string): Token {
  const end = at + word.length
  const after = matchAt(NAME, text, end)
  if (after !== undefined) {
    const advice = 'Text stands in quotes; times before now are written -5m, -1h, -2d.'
    throw new FilterSyntaxError(text, at, `'${word}${after}' is no number`, advice)
  }
  const number = Number(word)
  const isWhole = /^[+-]?\d+$/.test(word)
  if (!Number.isFinite(number) || (isWhole && !Number.isSafeInteger(number))) {
    throw new FilterSyntaxError(
      text,
      at,
      `${word} is too large to be told from its neighbours`,
      'Beyond 9007199254740991, compare the text: value contains "…"',
    )
  }
  return make('number', at, end, word, number)
}

function quoted(text: string, start: number, quote: string): Token {
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === quote) return make('text', start, at + 1, value)
    if (char !== '\\') value += char
    else {
      const next = text[++at] ?? ''
      const code = next === 'u' ? /[0-9a-fA-F]{4}/y : undefined
      if (code !== undefined) {
        const digits = matchAt(code, text, at + 1)
        if (digits === undefined) throw new FilterSyntaxError(text, at - 1, '\\u needs four digits behind it')
        value += String.fromCharCode(Number.parseInt(digits, 16))
        at += 4
      } else value += ESCAPES[next] ?? next
    }
  }
  throw new FilterSyntaxError(text, start, `the text that begins here has no ${quote} at its end`)
}

/** `/…/flags`; a slash inside is written `\/`, or stands in brackets. */
function regex(text: string, start: number): Token {
  let inBrackets = false
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '\\') at++
    else if (char === '[') inBrackets = true
    else if (char === ']') inBrackets = false
    else if (char === '/' && !inBrackets) {
      const flags = matchAt(/[a-z]+/iy, text, at + 1) ?? ''
      return make('regex', start, at + 1 + flags.length, text.slice(start + 1, at), 0, flags)
    }
  }
  throw new FilterSyntaxError(text, start, 'the regular expression that begins here has no / at its end')
}

function skipBlanks(text: string, at: number): number {
  return at + (matchAt(BLANK, text, at)?.length ?? 0)
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function make(kind: Token['kind'], at: number, end: number, text: string, number = 0, flags = ''): Token {
  return { kind, at, end, text, number, flags }
}
