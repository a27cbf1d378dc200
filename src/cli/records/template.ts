import { UsageError } from '../exit-codes.ts'
import { unescapeDelimiter } from './delimiter.ts'
import type { OutputRecord } from './json-record.ts'

/** Adds the bytes of one record to the list. */
export type RecordWriter = (record: OutputRecord, out: (bytes: Uint8Array | string) => void) => void

type Encoding = (bytes: Buffer) => Uint8Array | string

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  '': (bytes) => bytes,
  hex: (bytes) => bytes.toString('hex'),
  base64: (bytes) => bytes.toString('base64'),
  json: (bytes) => JSON.stringify(bytes.toString('utf8')),
}

/** What a verb stands for; the letters are franz-go's, as rpk and kcl have them. */
const NUMBERS: Readonly<Record<string, (record: OutputRecord) => number | string>> = {
  p: (record) => record.partition,
  o: (record) => record.offset,
  T: (record) => Buffer.byteLength(record.topic),
  K: (record) => record.key?.length ?? -1,
  V: (record) => record.value?.length ?? -1,
  H: (record) => record.headers.length,
}

/**
 * Compiles a template: `%t` topic, `%p` partition, `%o` offset, `%k` key, `%v` value, `%h{%k=%v }` headers, `%d` timestamp in
 * ms (`%d{iso}`), `%T %K %V` lengths (-1 for null), `%H` number of headers, `%%` a percent sign. `%k` and `%v` take `{hex}`,
 * `{base64}` and `{json}`. Backslash escapes as in delimiters.
 */
export function compileTemplate(template: string): RecordWriter {
  const steps = parse(template)
  return (record, out) => {
    for (const step of steps) step(record, out)
  }
}

function parse(template: string): RecordWriter[] {
  const steps: RecordWriter[] = []
  let at = 0
  let literal = ''
  const flush = () => {
    if (literal === '') return
    const bytes = unescapeDelimiter(literal, '--format')
    steps.push((_record, out) => out(bytes))
    literal = ''
  }
  while (at < template.length) {
    if (template[at] !== '%') {
      literal += template[at++]
      continue
    }
    const letter = template[at + 1] ?? ''
    const { argument, next } = braces(template, at + 2)
    if (letter === '%') {
      literal += '%'
      at += 2
      continue
    }
    flush()
    steps.push(verb(letter, argument))
    at = next
  }
  flush()
  return steps
}

/** The text between `{` and its matching `}`, if there is one here. */
function braces(template: string, at: number): { argument: string | undefined; next: number } {
  if (template[at] !== '{') return { argument: undefined, next: at }
  let depth = 0
  for (let i = at; i < template.length; i++) {
    if (template[i] === '{') depth++
    if (template[i] === '}') depth--
    if (depth === 0) return { argument: template.slice(at + 1, i), next: i + 1 }
  }
  throw new UsageError('--format has a { that is never closed')
}

function verb(letter: string, argument: string | undefined): RecordWriter {
  const number = NUMBERS[letter]
  if (number !== undefined && argument === undefined) return (record, out) => out(String(number(record)))
  if (letter === 't' && argument === undefined) return (record, out) => out(record.topic)
  if (letter === 'd') return timestamp(argument)
  if (letter === 'h') return headers(argument ?? '%k=%v ')
  if (letter === 'k' || letter === 'v') {
    const encode = ENCODINGS[argument ?? '']
    if (encode !== undefined) {
      return (record, out) => {
        const bytes = letter === 'k' ? record.key : record.value
        if (bytes !== null) out(encode(bytes))
      }
    }
  }
  const shown = argument === undefined ? `%${letter}` : `%${letter}{${argument}}`
  throw new UsageError(
    `--format has the unknown verb ${shown}`,
    'Known are %t %p %o %k %v %h %d %T %K %V %H %%; %k and %v take {hex}, {base64}, {json}.',
  )
}

function timestamp(argument: string | undefined): RecordWriter {
  if (argument === undefined) return (record, out) => out(String(record.timestampMs))
  if (argument === 'iso') return (record, out) => out(isoTime(record.timestampMs))
  throw new UsageError(
    `--format has the unknown form %d{${argument}}`,
    'Known are %d (milliseconds) and %d{iso}.',
  )
}

export function isoTime(timestampMs: number): string {
  const date = new Date(timestampMs)
  return Number.isNaN(date.getTime()) || timestampMs < 0 ? '-' : date.toISOString()
}

/** The inner template is written once per header; in it `%k` and `%v` are the header's. */
function headers(inner: string): RecordWriter {
  const write = compileTemplate(inner)
  return (record, out) => {
    for (const header of record.headers) {
      write({ ...record, key: Buffer.from(header.key), value: header.value, headers: [] }, out)
    }
  }
}
