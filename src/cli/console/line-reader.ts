import { UsageError } from '../exit-codes.ts'
import { InputError } from '../records/input-error.ts'
import { type InputHeader, type InputParser, type InputRecord, NO_HEADERS } from '../records/input-record.ts'
import { isTrue } from './properties.ts'

const LF = 10
const CR = 13

/** The `--property` values of `kafka-console-producer` (LineMessageReader), with its defaults. */
export interface LineReaderOptions {
  readonly parseKey: boolean
  readonly parseHeaders: boolean
  readonly ignoreError: boolean
  readonly keySeparator: string
  readonly headersDelimiter: string
  readonly headersSeparator: string
  readonly headersKeySeparator: string
  readonly nullMarker: string | undefined
}

export function lineReaderOptions(properties: ReadonlyMap<string, string>): LineReaderOptions {
  const options: LineReaderOptions = {
    parseKey: isTrue(properties, 'parse.key'),
    parseHeaders: isTrue(properties, 'parse.headers'),
    ignoreError: isTrue(properties, 'ignore.error'),
    keySeparator: properties.get('key.separator') ?? '\t',
    headersDelimiter: properties.get('headers.delimiter') ?? '\t',
    headersSeparator: properties.get('headers.separator') ?? ',',
    headersKeySeparator: properties.get('headers.key.separator') ?? ':',
    nullMarker: properties.get('null.marker'),
  }
  const names: readonly (readonly [string, string | undefined])[] = [
    ['headers.delimiter', options.headersDelimiter],
    ['headers.separator', options.headersSeparator],
    ['headers.key.separator', options.headersKeySeparator],
    ['null.marker', options.nullMarker],
  ]
  names.forEach(([name, value], i) => {
    const twin = names.slice(i + 1).find(([, other]) => other !== undefined && other === value)
    if (twin !== undefined) throw new UsageError(`${name} and ${twin[0]} may not be equal`)
  })
  if (options.nullMarker === options.keySeparator)
    throw new UsageError('null.marker and key.separator may not be equal')
  return options
}

/**
 * The input of `kafka-console-producer`: headers, key and value on a line, in this order. A line ends with LF, CR or CRLF, as
 * Java reads lines.
 */
export class LineMessageReader implements InputParser {
  private readonly options: LineReaderOptions
  private rest: Buffer[] = []
  private endedWithCr = false
  private lineNumber = 0

  constructor(options: LineReaderOptions) {
    this.options = options
  }

  push(chunk: Buffer, emit: (record: InputRecord) => void): void {
    let start = 0
    // The LF of a CRLF that lies across two chunks.
    if (this.endedWithCr && chunk[0] === LF) start = 1
    this.endedWithCr = false
    for (let at = nextLineEnd(chunk, start); at !== -1; at = nextLineEnd(chunk, start)) {
      this.line(chunk.subarray(start, at), emit)
      const isCr = chunk[at] === CR
      if (isCr && at + 1 === chunk.length) this.endedWithCr = true
      start = isCr && chunk[at + 1] === LF ? at + 2 : at + 1
    }
    if (start < chunk.length) this.rest.push(chunk.subarray(start))
  }

  end(emit: (record: InputRecord) => void): void {
    if (this.rest.length > 0) this.line(Buffer.alloc(0), emit)
  }

  private line(tail: Buffer, emit: (record: InputRecord) => void): void {
    this.lineNumber++
    const line = this.rest.length === 0 ? tail : Buffer.concat([...this.rest, tail])
    this.rest = []
    emit(this.record(line))
  }

  private record(line: Buffer): InputRecord {
    const { options } = this
    if (!options.parseKey && !options.parseHeaders) {
      return { key: null, value: this.orNull(line), headers: NO_HEADERS }
    }
    const headers = options.parseHeaders
      ? this.cut(line, 0, options.headersDelimiter, 'headers delimiter')
      : undefined
    const keyAt = headers === undefined ? 0 : headers.length + Buffer.byteLength(options.headersDelimiter)
    const key = options.parseKey ? this.cut(line, keyAt, options.keySeparator, 'key separator') : undefined
    const valueAt = keyAt + (key === undefined ? 0 : key.length + Buffer.byteLength(options.keySeparator))
    return {
      key: key === undefined ? null : this.orNull(key),
      value: this.orNull(line.subarray(valueAt)),
      headers:
        headers === undefined || this.orNull(headers) === null
          ? NO_HEADERS
          : this.splitHeaders(headers.toString()),
    }
  }

  /** Undefined when the separator is missing and errors are to be ignored. */
  private cut(line: Buffer, from: number, separator: string, name: string): Buffer | undefined {
    const at = line.indexOf(separator, from)
    if (at !== -1) return line.subarray(from, at)
    if (this.options.ignoreError) return undefined
    throw new InputError('line', this.lineNumber, `no ${name} found in '${line.toString()}'`)
  }

  private splitHeaders(text: string): InputHeader[] {
    const { headersSeparator, headersKeySeparator, ignoreError, nullMarker } = this.options
    return text.split(headersSeparator).map((pair) => {
      const at = pair.indexOf(headersKeySeparator)
      if (at === -1) {
        if (ignoreError) return { key: pair, value: null }
        throw new InputError('line', this.lineNumber, `no header key separator found in pair '${pair}'`)
      }
      const key = pair.slice(0, at)
      if (key === nullMarker) {
        throw new InputError(
          'line',
          this.lineNumber,
          `a header key may not be the null marker '${nullMarker}'`,
        )
      }
      return { key, value: this.orNull(Buffer.from(pair.slice(at + headersKeySeparator.length))) }
    })
  }

  private orNull(bytes: Buffer): Buffer | null {
    const marker = this.options.nullMarker
    return marker !== undefined && bytes.equals(Buffer.from(marker)) ? null : bytes
  }
}

function nextLineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from)
  const cr = bytes.subarray(from, lf === -1 ? bytes.length : lf).indexOf(CR)
  return cr === -1 ? lf : from + cr
}
