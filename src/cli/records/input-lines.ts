import { InputError } from './input-error.ts'
import { type InputHeader, type InputParser, type InputRecord, NO_HEADERS } from './input-record.ts'

export interface LineOptions {
  /** What ends a record; `\n` for lines. Not empty. */
  readonly delimiter: Buffer
  /** What stands between key and value, or undefined when there are no keys in the input. */
  readonly keyDelimiter?: Buffer
  /** An empty key or value is sent as null. */
  readonly emptyIsNull?: boolean
}

/** Records between delimiters. The last one may lack its delimiter; an empty rest is no record. */
export class LineParser implements InputParser {
  private readonly splitter: Splitter
  private readonly options: LineOptions
  private count = 0

  constructor(options: LineOptions) {
    this.options = options
    this.splitter = new Splitter(options.delimiter)
  }

  push(chunk: Buffer, emit: (record: InputRecord) => void): void {
    this.splitter.push(chunk, (line) => emit(this.record(line)))
  }

  end(emit: (record: InputRecord) => void): void {
    this.splitter.end((line) => emit(this.record(line)))
  }

  private record(line: Buffer): InputRecord {
    this.count++
    return splitKey(line, this.options, this.count, NO_HEADERS)
  }
}

/** Cuts key and value apart at the first key delimiter. */
export function splitKey(
  line: Buffer,
  options: Omit<LineOptions, 'delimiter'>,
  number: number,
  headers: readonly InputHeader[],
): InputRecord {
  const { keyDelimiter, emptyIsNull } = options
  const orNull = (bytes: Buffer) => (emptyIsNull === true && bytes.length === 0 ? null : bytes)
  if (keyDelimiter === undefined) return { key: null, value: orNull(line), headers }
  const at = line.indexOf(keyDelimiter)
  if (at === -1) {
    throw new InputError(
      'line',
      number,
      `it has no key delimiter ${JSON.stringify(keyDelimiter.toString())}`,
      'Every line needs a key in front of it when --key-delimiter is given.',
    )
  }
  return {
    key: orNull(line.subarray(0, at)),
    value: orNull(line.subarray(at + keyDelimiter.length)),
    headers,
  }
}

/** Cuts a stream of chunks at a delimiter, also at one that lies across two chunks. */
export class Splitter {
  private readonly delimiter: Buffer
  private rest: Buffer[] = []
  private restLength = 0

  constructor(delimiter: Buffer) {
    this.delimiter = delimiter
  }

  push(chunk: Buffer, emit: (line: Buffer) => void): void {
    const { delimiter } = this
    let bytes = chunk
    if (this.restLength > 0) {
      // A one-byte delimiter cannot lie across chunks, so a long line is joined once and not once per chunk.
      if (delimiter.length === 1 && chunk.indexOf(delimiter) === -1) {
        this.keep(chunk)
        return
      }
      bytes = Buffer.concat([...this.rest, chunk])
      this.rest = []
      this.restLength = 0
    }
    const first = delimiter[0] ?? 0
    let start = 0
    for (;;) {
      const at = delimiter.length === 1 ? bytes.indexOf(first, start) : bytes.indexOf(delimiter, start)
      if (at === -1) break
      emit(bytes.subarray(start, at))
      start = at + delimiter.length
    }
    if (start < bytes.length) this.keep(bytes.subarray(start))
  }

  end(emit: (line: Buffer) => void): void {
    if (this.restLength > 0) emit(Buffer.concat(this.rest))
    this.rest = []
    this.restLength = 0
  }

  private keep(bytes: Buffer): void {
    this.rest.push(bytes)
    this.restLength += bytes.length
  }
}
