import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { BatchBuilder, type BatchOptions, type HeaderInput, type LogRecord } from '../../src/records/index.ts'

export interface Golden {
  readonly name: string
  readonly bytes: Buffer
  readonly count: number
  readonly records?: readonly string[]
  readonly sha256: string
  readonly converted?: Buffer
}

/** Bytes that Kafka 3.9.1 wrote, with what it reads in them; see test/golden/records/Generate.java. */
export function goldens(): Golden[] {
  const url = new URL('../golden/records/records.json', import.meta.url)
  const cases = JSON.parse(readFileSync(url, 'utf8')) as (Omit<Golden, 'bytes' | 'converted'> & {
    bytes: string
    converted?: string
  })[]
  return cases.map(({ converted, bytes, ...rest }) => ({
    ...rest,
    bytes: Buffer.from(bytes, 'base64'),
    ...(converted !== undefined && { converted: Buffer.from(converted, 'base64') }),
  }))
}

export function golden(name: string): Buffer {
  return goldens().find((one) => one.name === name)!.bytes
}

const hex = (bytes: Uint8Array | null) => (bytes === null ? '-' : Buffer.from(bytes).toString('hex'))

/** The line that Generate.java makes of a record. */
export function describeRecord(record: LogRecord): string {
  const headers = record.headers.map((h) => `${hex(Buffer.from(h.key))}=${hex(h.value)}`)
  return [
    record.offset,
    record.timestampMs,
    record.sequence,
    hex(record.key),
    hex(record.value),
    headers.join(','),
  ].join('|')
}

export function sha256(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

export interface RecordInput {
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly HeaderInput[]
}

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null })

export const recordInput: fc.Arbitrary<RecordInput> = fc.record({
  timestampMs: fc.oneof(fc.integer({ min: -1, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 2 ** 44 })),
  key: bytesOrNull,
  value: bytesOrNull,
  headers: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value: bytesOrNull }), {
      maxLength: 4,
    }),
  ),
})

export const recordInputs = fc.array(recordInput, { minLength: 1, maxLength: 30 })

export function buildBatch(inputs: readonly RecordInput[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(options)
  for (const r of inputs) builder.append(r.timestampMs, r.key, r.value, r.headers)
  return builder.build()
}
