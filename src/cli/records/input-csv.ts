import { InputError } from './input-error.ts'
import type { InputHeader, InputParser, InputRecord } from './input-record.ts'

type Field = 'key' | 'value' | 'partition' | 'timestamp' | 'ignored' | { readonly header: string }

/**
 * RFC 4180 with a first row that names the columns: `key`, `value`, `partition`, `timestamp` and `header.NAME`, in any order.
 * A quoted field may hold commas, quotes (doubled) and line ends. An empty field that is not quoted is null, a quoted one
 * is empty. `topic` and `offset`, which `consume -o csv` writes, are passed over.
 */
export class CsvParser implements InputParser {
  private columns: readonly Field[] | undefined
  private row: (string | null)[] = []
  private field = ''
  private state: 'start' | 'plain' | 'quoted' | 'quote' = 'start'
  private lineNumber = 1
  private rowLine = 1
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

  push(chunk: Buffer, emit: (record: InputRecord) => void): void {
    this.scan(this.decode(chunk, true), emit)
  }

  end(emit: (record: InputRecord) => void): void {
    this.scan(this.decode(Buffer.alloc(0), false), emit)
    if (this.state === 'quoted') throw new InputError('line', this.rowLine, 'its quoted field never ends')
    if (this.row.length > 0 || this.state !== 'start') this.endRow(emit)
  }

  private decode(chunk: Buffer, stream: boolean): string {
    try {
      return this.decoder.decode(chunk, { stream })
    } catch {
      throw new InputError(
        'line',
        this.lineNumber,
        'it is not UTF-8',
        'Binary data goes in as NDJSON with base64.',
      )
    }
  }

  private scan(text: string, emit: (record: InputRecord) => void): void {
    for (const char of text) {
      if (char === '\n') this.lineNumber++
      if (this.state === 'quoted') {
        if (char === '"') this.state = 'quote'
        else this.field += char
      } else if (char === '"' && this.state === 'quote') {
        this.field += '"'
        this.state = 'quoted'
      } else if (char === '"' && this.state === 'start') this.state = 'quoted'
      else if (char === ',') this.endField()
      else if (char === '\n') this.endRow(emit)
      else if (char !== '\r') this.plain(char)
    }
  }

  private plain(char: string): void {
    if (this.state === 'quote')
      throw new InputError('line', this.lineNumber, 'text stands behind a closing quote')
    this.state = 'plain'
    this.field += char
  }

  private endField(): void {
    this.row.push(this.state === 'start' ? null : this.field)
    this.field = ''
    this.state = 'start'
  }

  private endRow(emit: (record: InputRecord) => void): void {
    const isBlank = this.row.length === 0 && this.state === 'start'
    const line = this.rowLine
    this.endField()
    const row = this.row
    this.row = []
    this.rowLine = this.lineNumber
    if (isBlank) return
    if (this.columns === undefined) this.columns = row.map((name) => columnOf(name ?? '', line))
    else emit(recordFromRow(row, this.columns, line))
  }
}

function columnOf(name: string, line: number): Field {
  const plain = name.trim()
  if (plain === 'key' || plain === 'value' || plain === 'partition' || plain === 'timestamp') return plain
  if (plain === 'topic' || plain === 'offset') return 'ignored'
  if (plain.startsWith('header.')) return { header: plain.slice('header.'.length) }
  throw new InputError(
    'line',
    line,
    `'${plain}' is no column kcli knows`,
    'The first row names the columns: key, value, partition, timestamp, header.NAME.',
  )
}

function recordFromRow(
  row: readonly (string | null)[],
  columns: readonly Field[],
  line: number,
): InputRecord {
  if (row.length !== columns.length) {
    throw new InputError('line', line, `it has ${row.length} fields, the first row has ${columns.length}`)
  }
  const headers: InputHeader[] = []
  const fields = new Map<Field, string>()
  row.forEach((text, i) => {
    const column = columns[i]
    if (text === null || column === undefined) return
    if (typeof column === 'object') headers.push({ key: column.header, value: Buffer.from(text) })
    else fields.set(column, text)
  })
  const bytes = (name: Field) => {
    const text = fields.get(name)
    return text === undefined ? null : Buffer.from(text)
  }
  const integer = (name: Field) => {
    const text = fields.get(name)
    if (text === undefined) return undefined
    if (!/^\d{1,15}$/.test(text.trim())) throw new InputError('line', line, `'${text}' is not a whole number`)
    return Number(text)
  }
  const partition = integer('partition')
  const timestampMs = integer('timestamp')
  return {
    key: bytes('key'),
    value: bytes('value'),
    headers,
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
  }
}
