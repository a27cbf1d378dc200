import {
  anyOf,
  described,
  list,
  number,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  rows,
  type Schema,
  text,
  whole,
} from './build.ts'

const offset = whole('Of the record')

/** docs/filter.md and `--input ndjson` know the same fields. */
export const record = object({
  topic: optional(text()),
  partition: optional(whole()),
  offset,
  timestamp: whole('Milliseconds since 1970; -1 for none'),
  timestampType: {
    ...oneOf('create', 'append', 'none'),
    description: 'Who set it: the producer or the broker',
  },
  key: optional(orNull(text('When it is UTF-8; null when there is none'))),
  keyBase64: optional(text('In place of key, when it is not UTF-8')),
  value: optional(orNull(text('When it is UTF-8; null when there is none'))),
  valueBase64: optional(text('In place of value, when it is not UTF-8')),
  headers: list(
    object({
      key: optional(text()),
      keyBase64: optional(text('In place of key, when it is not UTF-8')),
      value: optional(orNull(text())),
      valueBase64: optional(text('In place of value, when it is not UTF-8')),
    }),
    'In their order; a name may come more than once',
  ),
})

const stored = object({
  topic: text(),
  stored: whole('How many records were stored'),
  failed: whole('How many were not'),
  partitions: list(object({ partition: whole(), count: whole(), firstOffset: whole(), lastOffset: whole() })),
})

const report = object({
  topic: text(),
  partition: whole(),
  offset,
  timestamp: whole('As it is stored, in milliseconds since 1970'),
})

const throughput = {
  topic: text(),
  records: whole(),
  sizeBytes: whole('Keys and values'),
  elapsedMs: number(),
  recordsPerSecond: number(),
  bytesPerSecond: number(),
}

const latency = number('Milliseconds')

/** Microseconds; null when there is no record. */
function shares(description: string): Schema {
  const us = orNull(number())
  const fields = { min: us, mean: us, p50: us, p90: us, p99: us, p999: us, max: us }
  return described(`${description}, in microseconds; null without records`, object(fields))
}

export const RECORDS: Readonly<Record<string, Output>> = {
  consume: rows(record),
  'groups:peek': rows(record),
  // With --report both forms have a line for each record.
  produce: { document: anyOf(stored, report), line: { $ref: '#/$defs/document' } },
  'perf:consume': { document: object(throughput), line: { $ref: '#/$defs/document' } },
  'perf:latency': {
    document: object({
      topic: text(),
      records: whole('Those that were read again'),
      recordSizeBytes: whole('Of a value'),
      recordsPerSecond: whole('So many were due'),
      elapsedMs: number('From when the first of them was due to when the last one came'),
      failed: whole('Records that were not stored'),
      lost: whole('Records that did not come back in time'),
      latencyUs: shares('From when a record was due to when it was read'),
      sendDelayUs: shares('From when a record was due to when it was sent: a part of its latency'),
      distribution: list(
        object({ fromUs: whole(), toUs: whole('Exclusive'), records: whole() }),
        'Where the latencies lie, from the lowest to the highest',
      ),
    }),
    line: { $ref: '#/$defs/document' },
  },
  'perf:produce': {
    document: object({
      ...throughput,
      latencyMs: object({
        avg: orNull(latency),
        max: latency,
        p50: latency,
        p95: latency,
        p99: latency,
        p999: latency,
      }),
      failed: whole('Records that were not stored'),
    }),
    line: { $ref: '#/$defs/document' },
  },
}
