import { UsageError } from '../exit-codes.ts'
import type { OutputRecord } from './json-record.ts'
import { isoTime, type RecordWriter } from './template.ts'

type Out = (bytes: Uint8Array | string) => void

const FIELDS: Readonly<Record<string, (record: OutputRecord, out: Out) => void>> = {
  topic: (record, out) => out(record.topic),
  partition: (record, out) => out(String(record.partition)),
  offset: (record, out) => out(String(record.offset)),
  timestamp: (record, out) => out(String(record.timestampMs)),
  time: (record, out) => out(isoTime(record.timestampMs)),
  key: (record, out) => out(record.key ?? 'null'),
  value: (record, out) => out(record.value ?? 'null'),
  headers: (record, out) => {
    record.headers.forEach((header, i) => {
      out(`${i === 0 ? '' : ','}${header.key}=`)
      out(header.value ?? 'null')
    })
  },
}

/** `--print key,offset,value`: these fields, a tab between them, a line per record. Null shows as `null`. */
export function printFields(list: string, separator: Uint8Array): RecordWriter {
  const writers = list.split(',').map((name) => {
    const writer = FIELDS[name.trim()]
    if (writer === undefined) {
      throw new UsageError(
        `--print does not know '${name.trim()}'`,
        `It takes a list of ${Object.keys(FIELDS).join(', ')}.`,
      )
    }
    return writer
  })
  return (record, out) => {
    writers.forEach((write, i) => {
      if (i > 0) out(separator)
      write(record, out)
    })
    out('\n')
  }
}
