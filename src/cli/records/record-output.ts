import { isUtf8 } from 'node:buffer'
import { KcliError } from '../../base/errors.ts'
import { UsageError } from '../exit-codes.ts'
import type { OutputFormat } from '../output/format.ts'
import { type OutputRecord, recordToData } from './json-record.ts'
import { printFields } from './print-fields.ts'
import { compileTemplate, type RecordWriter } from './template.ts'

/** How records are written: what stands before, between and behind them. */
export interface RecordForm {
  readonly write: RecordWriter
  readonly head?: string
  readonly separator?: string
  readonly tail?: string
  /** What stands there when there is no record at all. */
  readonly none?: string
}

export interface RecordFormOptions {
  readonly format: OutputFormat
  readonly template?: string | undefined
  readonly print?: string | undefined
  readonly headers: boolean
}

/** Values with a line end behind each, unless another form is asked for. */
export function recordForm(options: RecordFormOptions): RecordForm {
  if (options.template !== undefined && options.print !== undefined) {
    throw new UsageError('--format and --print exclude each other')
  }
  if (options.template !== undefined) return { write: compileTemplate(options.template) }
  if (options.print !== undefined) return { write: printFields(options.print, Buffer.from('\t')) }
  switch (options.format) {
    case 'json':
      return {
        write: (record, out) => out(JSON.stringify(recordToData(record))),
        head: '[\n',
        separator: ',\n',
        tail: '\n]\n',
      }
    case 'ndjson':
      return { write: (record, out) => out(`${JSON.stringify(recordToData(record))}\n`) }
    case 'yaml':
      // JSON is YAML, and a line for each record needs nothing that is kept.
      return { write: (record, out) => out(`- ${JSON.stringify(recordToData(record))}\n`), none: '[]\n' }
    case 'name':
      return { write: ({ topic, partition, offset }, out) => out(`${topic}:${partition}:${offset}\n`) }
    case 'csv':
      return { write: writeCsv, ...(options.headers && { head: `${CSV_COLUMNS}\n` }) }
    case 'wide':
      return { write: printFields('partition,offset,time,key,value', Buffer.from('\t')) }
    default:
      return { write: writeValue }
  }
}

const NEWLINE = Buffer.from('\n')

const writeValue: RecordWriter = (record, out) => {
  if (record.value !== null) out(record.value)
  out(NEWLINE)
}

const CSV_COLUMNS = 'topic,partition,offset,timestamp,key,value'

/** An empty text is quoted, null is not: the reader can tell them apart. */
const writeCsv: RecordWriter = (record, out) => {
  const { topic, partition, offset, timestampMs } = record
  out(`${topic},${partition},${offset},${timestampMs < 0 ? '' : timestampMs},`)
  out(`${csvField(record, 'key')},${csvField(record, 'value')}\n`)
}

function csvField(record: OutputRecord, name: 'key' | 'value'): string {
  const bytes = record[name]
  if (bytes === null) return ''
  if (!isUtf8(bytes)) {
    throw new KcliError(
      'KCLI_NOT_TEXT',
      `the ${name} of ${record.topic}-${record.partition}@${record.offset} is not UTF-8`,
      {
        hint: 'Take -o ndjson: it keeps every byte.',
      },
    )
  }
  const text = bytes.toString('utf8')
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
