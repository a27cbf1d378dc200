import type { DumpedBatch, DumpedRecord, Entry } from '../../../inspect/dump/index.ts'
import type { LocatedFile } from '../../../inspect/index.ts'
import { type PayloadFormat, readPayload } from '../../../inspect/payload/index.ts'
import type { RowKind } from '../../output/row-stream.ts'
import { type OutputRecord, recordToData } from '../../records/json-record.ts'

/** How the bytes of records are shown. */
export interface Formats {
  readonly key: PayloadFormat
  readonly value: PayloadFormat
}

export const BATCH_ROWS: RowKind<DumpedBatch> = {
  columns: [
    { header: 'POSITION', value: (row) => row.position },
    { header: 'SIZE', value: (row) => row.sizeBytes },
    { header: 'BASE', value: (row) => row.baseOffset },
    { header: 'LAST', value: (row) => row.lastOffset },
    { header: 'COUNT', value: (row) => (row.count < 0 ? '' : row.count) },
    { header: 'MAX-TIME', value: (row) => timeText(row.maxTimestampMs) },
    { header: 'CODEC', value: (row) => row.codec },
    { header: 'PRODUCER', value: producerText },
    { header: 'KIND', value: kindText },
    { header: 'CRC', value: (row) => (row.isCrcValid ? 'ok' : 'WRONG') },
    { header: 'LEADER-EPOCH', value: (row) => noneIfNegative(row.leaderEpoch), wide: true },
    { header: 'SEQUENCE', value: sequenceText, wide: true },
    { header: 'TIME-TYPE', value: (row) => row.timestampType, wide: true },
    { header: 'BASE-TIME', value: (row) => timeText(row.baseTimestampMs), wide: true },
    { header: 'DELETE-HORIZON', value: (row) => timeText(row.deleteHorizonMs ?? -1), wide: true },
    { header: 'COORDINATOR-EPOCH', value: (row) => row.marker?.coordinatorEpoch ?? '', wide: true },
    { header: 'MAGIC', value: (row) => row.magic, wide: true },
    { header: 'FILE', value: (row) => row.file.path, wide: true },
  ],
  data: (row) => ({
    kind: 'batch',
    ...placeOf(row.file),
    position: row.position,
    sizeBytes: row.sizeBytes,
    magic: row.magic,
    baseOffset: row.baseOffset,
    lastOffset: row.lastOffset,
    count: nullIfNegative(row.count),
    codec: row.codec,
    crc: row.crc,
    crcValid: row.isCrcValid,
    timestampType: row.timestampType,
    baseTimestamp: nullIfNegative(row.baseTimestampMs),
    maxTimestamp: nullIfNegative(row.maxTimestampMs),
    leaderEpoch: nullIfNegative(row.leaderEpoch),
    producerId: nullIfNegative(row.producerId),
    producerEpoch: nullIfNegative(row.producerEpoch),
    baseSequence: nullIfNegative(row.baseSequence),
    lastSequence: nullIfNegative(row.lastSequence),
    transactional: row.isTransactional,
    control: row.isControl,
    deleteHorizon: row.deleteHorizonMs ?? null,
    ...(row.marker && {
      controlType: row.marker.type,
      coordinatorEpoch: row.marker.coordinatorEpoch ?? null,
    }),
  }),
  name: (row) => `${row.file.path}:${row.position}`,
}

/** In JSON a record has the form that `consume` gives it, unless its bytes were decoded to something else than text. */
export function recordRows(formats: Formats): RowKind<DumpedRecord> {
  const shown = (row: DumpedRecord, part: 'key' | 'value') => cellText(row, formats, part)
  return {
    columns: [
      { header: 'OFFSET', value: (row) => row.record.offset },
      { header: 'TIME', value: (row) => timeText(row.record.timestampMs) },
      { header: 'KEY', value: (row) => (row.marker ? '' : shown(row, 'key')) },
      { header: 'VALUE', value: (row) => (row.marker ? markerText(row) : shown(row, 'value')) },
      { header: 'HEADERS', value: headersText, wide: true },
      { header: 'PRODUCER', value: (row) => producerText(row.batch), wide: true },
      { header: 'SEQUENCE', value: (row) => noneIfNegative(row.record.sequence), wide: true },
      { header: 'LEADER-EPOCH', value: (row) => noneIfNegative(row.batch.leaderEpoch), wide: true },
      { header: 'BATCH', value: (row) => row.batch.position, wide: true },
      { header: 'FILE', value: (row) => row.batch.file.path, wide: true },
    ],
    data: (row) => recordData(row, formats),
    name: (row) => `${row.batch.file.path}@${row.record.offset}`,
  }
}

/** What `consume` would show of it. */
export function outputRecordOf({ batch, record }: DumpedRecord): OutputRecord {
  const { partitionDir } = batch.file
  return {
    topic: partitionDir?.topic ?? '',
    partition: partitionDir?.partition ?? -1,
    offset: record.offset,
    timestampMs: record.timestampMs,
    timestampType: batch.timestampType === 'append' ? 'append' : 'create',
    key: record.key,
    value: record.value,
    headers: record.headers,
  }
}

function recordData(row: DumpedRecord, formats: Formats): unknown {
  const data = recordToData(outputRecordOf(row))
  if (row.batch.file.partitionDir === undefined) {
    delete data.topic
    delete data.partition
  }
  if (row.marker !== undefined) {
    const { type, coordinatorEpoch } = row.marker
    const { producerId, producerEpoch } = row.batch
    return { ...data, control: type, coordinatorEpoch: coordinatorEpoch ?? null, producerId, producerEpoch }
  }
  return Object.fromEntries(Object.entries(data).map((field) => decodedField(field, row, formats)))
}

/** `key` or `keyBase64` becomes what the format makes of the bytes; what does not fit stays as it is. */
function decodedField(
  field: [string, unknown],
  { record }: DumpedRecord,
  formats: Formats,
): [string, unknown] {
  const part = (['key', 'value'] as const).find((name) => field[0] === name || field[0] === `${name}Base64`)
  if (part === undefined || formats[part] === 'string') return field
  const payload = readPayload(formats[part], record, part)
  return payload === undefined ? field : [part, payload.data]
}

/** What does not fit the format is shown as base64, so that nothing is lost. */
function cellText(row: DumpedRecord, formats: Formats, part: 'key' | 'value'): string {
  const bytes = row.record[part]
  if (bytes === null) return 'null'
  const payload = readPayload(formats[part], row.record, part)
  return payload === undefined ? `base64:${bytes.toString('base64')}` : onOneLine(payload.text)
}

/** Line ends and other control characters as JSON has them; an empty text as quotes. */
function onOneLine(text: string): string {
  if (text === '') return '""'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (code) => {
    const escaped = JSON.stringify(code).slice(1, -1)
    return escaped === code ? `\\u00${code.charCodeAt(0).toString(16)}` : escaped
  })
}

function headersText({ record }: DumpedRecord): string {
  return record.headers
    .map(({ key, value }) => onOneLine(`${key}=${value === null ? 'null' : value.toString('utf8')}`))
    .join(',')
}

function markerText({ marker, batch }: DumpedRecord): string {
  const epoch = marker?.coordinatorEpoch === undefined ? '' : `, coordinator epoch ${marker.coordinatorEpoch}`
  return `${marker?.type} of producer ${batch.producerId}${epoch}`
}

/** The entries of files that are no logs: a column for each field. */
export function entryRows(file: LocatedFile, fields: readonly string[]): RowKind<Entry> {
  const time = new Set(['timestamp', 'lastTimestamp'])
  return {
    columns: [
      ...fields.map((field) => ({
        header: field.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase(),
        value: (row: Entry) => (time.has(field) ? timeText(Number(row[field])) : (row[field] ?? '')),
      })),
      { header: 'FILE', value: () => file.path, wide: true },
    ],
    data: (row) => ({ kind: file.kind, ...placeOf(file), ...row }),
    name: (row) => `${file.path}:${fields.map((field) => row[field]).join(':')}`,
  }
}

function placeOf(file: LocatedFile): Record<string, unknown> {
  const { partitionDir } = file
  return {
    file: file.path,
    ...(partitionDir && { topic: partitionDir.topic, partition: partitionDir.partition }),
  }
}

function producerText({ producerId, producerEpoch }: DumpedBatch): string {
  return producerId < 0 ? '' : `${producerId}:${producerEpoch}`
}

function sequenceText({ baseSequence, lastSequence }: DumpedBatch): string {
  return baseSequence < 0 ? '' : `${baseSequence}-${lastSequence}`
}

function kindText(row: DumpedBatch): string {
  if (row.isControl) return row.marker?.type ?? 'control'
  return row.isTransactional ? 'transaction' : 'data'
}

function noneIfNegative(value: number): number | string {
  return value < 0 ? '' : value
}

function nullIfNegative(value: number): number | null {
  return value < 0 ? null : value
}

function timeText(timestampMs: number): string {
  if (timestampMs < 0) return ''
  const time = new Date(timestampMs)
  return Number.isNaN(time.getTime()) ? String(timestampMs) : time.toISOString()
}
