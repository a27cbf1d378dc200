import { type ProducerSettings, producerSettings } from '../client/index.ts'
import { parseKeyValues } from './console/properties.ts'
import type { CommandContext } from './context.ts'
import { UsageError } from './exit-codes.ts'
import type { COMPRESSIONS } from './flags.ts'
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

/** What tells a producer how to send. */
export interface ProducerFlags {
  readonly acks?: string | undefined
  readonly compression?: (typeof COMPRESSIONS)[number] | undefined
  readonly idempotence?: boolean | undefined
  readonly linger?: number | undefined
  readonly 'batch-size'?: number | undefined
  readonly 'producer-property'?: readonly string[] | undefined
  readonly timeout?: number | undefined
}

export interface ProduceFlags extends ProducerFlags {
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
  readonly sync?: boolean | undefined
  readonly report?: boolean | undefined
  readonly 'transactional-id'?: string | undefined
}

/** `--timeout` is the most that a record may take on its way; Kafka's defaults are for programs that nobody waits for. */
function timesOf({ timeout }: ProducerFlags, lingerMs: number) {
  if (timeout === undefined) return {}
  return {
    'request.timeout.ms': timeout,
    'max.block.ms': timeout,
    'delivery.timeout.ms': timeout + (Number.isFinite(lingerMs) ? lingerMs : 0),
  }
}

/** What holds where nobody says otherwise. */
const DEFAULTS = { 'batch.size': 131_072 }

/** `--producer-property` over flags over `given`, which is what -X, a property file and the profile say of producers. */
export function settingsOf(
  flags: ProducerFlags,
  given: Readonly<Record<string, string>>,
  warn: (message: string) => void,
): ProducerSettings {
  const fromFlags = {
    acks: flags.acks,
    'compression.type': flags.compression,
    'linger.ms': flags.linger,
    'batch.size': flags['batch-size'],
    'enable.idempotence': flags.idempotence,
    ...timesOf(flags, flags.linger ?? Number(given['linger.ms'] ?? 0)),
  }
  const said = Object.fromEntries(Object.entries(fromFlags).filter(([, value]) => value !== undefined))
  const properties = parseKeyValues(flags['producer-property'], '--producer-property')
  return producerSettings(
    { ...DEFAULTS, ...given, ...said, ...Object.fromEntries(properties) },
    { onUnknown: warn },
  )
}

/** From flags to what the work needs. */
export async function produceOptions(
  topic: string,
  flags: ProduceFlags,
  context: Pick<CommandContext, 'clock' | 'out' | 'properties'>,
): Promise<ProduceOptions> {
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
    ...settingsOf(flags, await context.properties('producer'), (message) => context.out.warn(message)),
    defaults: {
      ...(flags.key !== undefined && { key: Buffer.from(flags.key) }),
      ...(headers.length > 0 && { headers }),
      ...(flags.partition !== undefined && { partition: flags.partition }),
      ...(flags.timestamp !== undefined && {
        timestampMs: parseTime(flags.timestamp.replace(/^@/, ''), context.clock.nowMs()),
      }),
      ...(flags.repartition === true && { repartition: true }),
    },
    sync: flags.sync === true,
    report: flags.report === true,
    summary: true,
  }
}
