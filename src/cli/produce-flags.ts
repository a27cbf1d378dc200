import type { ProducerConfig } from '../client/index.ts'
import { UsageError } from './exit-codes.ts'
import { COMPRESSIONS } from './flags.ts'
import { unescapeDelimiter } from './records/delimiter.ts'
import { LengthPrefixedParser, RawParser } from './records/input-blob.ts'
import { CsvParser } from './records/input-csv.ts'
import { LineParser } from './records/input-lines.ts'
import type { InputHeader, InputParser } from './records/input-record.ts'
import { NdjsonParser } from './records/json-record.ts'
import { parseTime } from './records/offset-grammar.ts'
import type { ProduceOptions } from './services/produce.ts'

export const INPUT_FORMS = ['lines', 'ndjson', 'csv', 'raw', 'length-prefixed'] as const
export type InputForm = (typeof INPUT_FORMS)[number]

export interface ParserFlags {
  readonly input: InputForm
  readonly delimiter?: string | undefined
  readonly keyDelimiter?: string | undefined
  readonly emptyIsNull?: boolean | undefined
}

/** The parser for what the flags describe; refuses flags that the form has no use for. */
export function parserFor(flags: ParserFlags): InputParser {
  const { input } = flags
  const refuse = (value: unknown, flag: string) => {
    if (value !== undefined && value !== false)
      throw new UsageError(`${flag} has no meaning with --input ${input}`)
  }
  const keyDelimiter =
    flags.keyDelimiter === undefined ? undefined : notEmpty(flags.keyDelimiter, '--key-delimiter')
  if (input !== 'lines') refuse(flags.delimiter, '--delimiter')
  if (input !== 'lines') refuse(flags.emptyIsNull, '--null-empty')
  if (input !== 'lines' && input !== 'length-prefixed') refuse(flags.keyDelimiter, '--key-delimiter')
  switch (input) {
    case 'ndjson':
      return new NdjsonParser()
    case 'csv':
      return new CsvParser()
    case 'raw':
      return new RawParser()
    case 'length-prefixed':
      return new LengthPrefixedParser(keyDelimiter === undefined ? {} : { keyDelimiter })
    default:
      return new LineParser({
        delimiter: notEmpty(flags.delimiter ?? '\\n', '--delimiter'),
        ...(keyDelimiter !== undefined && { keyDelimiter }),
        emptyIsNull: flags.emptyIsNull === true,
      })
  }
}

function notEmpty(text: string, flag: string): Buffer {
  const bytes = unescapeDelimiter(text, flag)
  if (bytes.length === 0) throw new UsageError(`${flag} is empty`)
  return bytes
}

/** `-H k=v`, `-H k=` (empty), `-H k` (null). */
export function parseHeaders(words: readonly string[] | undefined): InputHeader[] {
  return (words ?? []).map((word) => {
    const at = word.indexOf('=')
    if (at === 0) throw new UsageError(`the header '${word}' has no name`)
    return at === -1
      ? { key: word, value: null }
      : { key: word.slice(0, at), value: Buffer.from(word.slice(at + 1)) }
  })
}

/** `all`, `-1`, `0`, `1`. */
export function parseAcks(text: string): -1 | 0 | 1 {
  if (text === 'all' || text === '-1') return -1
  if (text === '0') return 0
  if (text === '1') return 1
  throw new UsageError(`--acks is '${text}'; it takes 0, 1 or all`)
}

export function compressionOf(text: string, flag: string): (typeof COMPRESSIONS)[number] {
  const found = COMPRESSIONS.find((name) => name === text)
  if (found === undefined) throw new UsageError(`${flag} is '${text}'; it takes ${COMPRESSIONS.join(', ')}`)
  return found
}

export interface ProduceFlags {
  readonly input: InputForm
  readonly file?: string | undefined
  readonly delimiter?: string | undefined
  readonly 'key-delimiter'?: string | undefined
  readonly key?: string | undefined
  readonly header?: readonly string[] | undefined
  readonly 'null-empty'?: boolean | undefined
  readonly partition?: number | undefined
  readonly repartition?: boolean | undefined
  readonly timestamp?: string | undefined
  readonly acks: string
  readonly compression: (typeof COMPRESSIONS)[number]
  readonly idempotence?: boolean | undefined
  readonly linger: number
  readonly 'batch-size': number
  readonly sync?: boolean | undefined
  readonly report?: boolean | undefined
  readonly 'transactional-id'?: string | undefined
  readonly timeout?: number | undefined
}

/** `--timeout` is the most that a record may take on its way; Kafka's defaults are for programs that nobody waits for. */
function timesOf({ timeout, linger }: ProduceFlags): ProducerConfig {
  if (timeout === undefined) return {}
  return { requestTimeoutMs: timeout, maxBlockMs: timeout, deliveryTimeoutMs: timeout + linger }
}

/** From flags to what the work needs. */
export function produceOptions(topic: string, flags: ProduceFlags, nowMs: number): ProduceOptions {
  if (flags['transactional-id'] !== undefined) {
    throw new UsageError(
      'transactions are not supported yet',
      'Leave --transactional-id out to send without one.',
    )
  }
  const headers = parseHeaders(flags.header)
  return {
    topic,
    file: flags.file,
    parser: parserFor({
      input: flags.input,
      delimiter: flags.delimiter,
      keyDelimiter: flags['key-delimiter'],
      emptyIsNull: flags['null-empty'],
    }),
    config: {
      acks: parseAcks(flags.acks),
      compressionType: flags.compression,
      lingerMs: flags.linger,
      batchSizeBytes: flags['batch-size'],
      ...timesOf(flags),
      ...(flags.idempotence !== undefined && { enableIdempotence: flags.idempotence }),
    },
    defaults: {
      ...(flags.key !== undefined && { key: Buffer.from(flags.key) }),
      ...(headers.length > 0 && { headers }),
      ...(flags.partition !== undefined && { partition: flags.partition }),
      ...(flags.timestamp !== undefined && {
        timestampMs: parseTime(flags.timestamp.replace(/^@/, ''), nowMs),
      }),
      ...(flags.repartition === true && { repartition: true }),
    },
    sync: flags.sync === true,
    report: flags.report === true,
    summary: true,
  }
}
