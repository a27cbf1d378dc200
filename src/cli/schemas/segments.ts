import {
  anyOf,
  flag,
  list,
  map,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  rows,
  single,
  text,
  timestamp,
  whole,
} from './build.ts'
import { record } from './records.ts'

const place = {
  broker: orNull(whole('Null when the folder does not say')),
  topic: text(),
  partition: whole(),
  directory: text(),
}
const time = orNull(timestamp('Of a record'))

const counts = {
  segments: whole(),
  bytes: whole(),
  batches: whole(),
  records: whole(),
  maxRecordsPerBatch: whole(),
  firstTimestamp: time,
  lastTimestamp: time,
  gaps: whole('Places where offsets are missing'),
  missingOffsets: whole(),
  controlBatches: whole(),
  commits: whole(),
  aborts: whole(),
  legacyBatches: whole('In the formats before 0.11'),
  transactionalBatches: whole(),
  readRecords: whole('Records that were looked into'),
  keyed: whole(),
  tombstones: whole(),
  unreadableBatches: whole(),
  trailingBytes: whole('Behind the last whole batch'),
  codecs: map(
    object({
      batches: whole(),
      storedBytes: whole(),
      uncompressedBytes: orNull(whole('Null when not counted')),
    }),
    'By name',
  ),
  openTransactions: whole(),
  producers: list(
    object({
      producerId: whole(),
      epoch: whole(),
      batches: whole(),
      records: whole(),
      isTransactional: flag(),
      openSince: orNull(whole('First offset of its open transaction')),
      lastTimestamp: time,
    }),
  ),
  batchSizes: list(object({ fromBytes: whole(), toBytes: whole(), count: whole() })),
}

const file = {
  file: text('Its path'),
  topic: optional(text()),
  partition: optional(whole()),
}
const id = orNull(whole('Null for none'))
const marker = oneOf('commit', 'abort', 'leader-change', 'unknown')

const batch = object({
  kind: oneOf('batch'),
  ...file,
  position: whole('Byte in the file'),
  sizeBytes: whole(),
  magic: whole(),
  baseOffset: whole(),
  lastOffset: whole(),
  count: orNull(whole('Null in old formats')),
  codec: text(),
  crc: whole(),
  crcValid: flag(),
  timestampType: text('create, append or none'),
  baseTimestamp: time,
  maxTimestamp: time,
  leaderEpoch: id,
  producerId: id,
  producerEpoch: id,
  baseSequence: id,
  lastSequence: id,
  transactional: flag(),
  control: flag(),
  deleteHorizon: orNull(timestamp('When its tombstones may go')),
  controlType: optional(text('Of control batches, such as commit or abort')),
  coordinatorEpoch: optional(id),
})

/** An entry of a file that is no log: of each kind others. */
const entries = [
  ['index', { offset: whole(), position: whole() }],
  ['timeindex', { timestamp: whole(), offset: whole() }],
  ['txnindex', { producerId: whole(), firstOffset: whole(), lastOffset: whole(), lastStableOffset: whole() }],
  [
    'snapshot',
    {
      producerId: whole(),
      producerEpoch: whole(),
      coordinatorEpoch: whole(),
      firstSequence: id,
      lastSequence: id,
      firstOffset: id,
      lastOffset: id,
      currentTxnFirstOffset: id,
      lastTimestamp: whole(),
    },
  ],
  ['leader-epoch-checkpoint', { epoch: whole(), startOffset: whole() }],
] as const

const OFFSET_CHECKPOINTS = [
  'recovery-point-offset',
  'replication-offset',
  'log-start-offset',
  'cleaner-offset',
]

const entry = anyOf(
  ...entries.map(([kind, fields]) => object({ kind: oneOf(kind), ...file, ...fields })),
  object({
    kind: oneOf(...OFFSET_CHECKPOINTS.map((name) => `${name}-checkpoint`)),
    ...file,
    topic: text(),
    partition: whole(),
    offset: whole(),
  }),
  object({
    kind: oneOf('meta.properties', 'partition.metadata', '.kafka_cleanshutdown'),
    ...file,
    name: text(),
    value: text(),
  }),
)

/** With --records: what consume gives, or what --key-format and --value-format make of it. */
const decoded = object({
  ...record.properties,
  ...Object.fromEntries(
    Object.entries(record.properties ?? {})
      .filter(([name]) => record.required?.includes(name) !== true)
      .map(([name, schema]) => [name, optional(name === 'key' || name === 'value' ? anyJson(name) : schema)]),
  ),
  control: optional(marker),
  coordinatorEpoch: optional(id),
  producerId: optional(whole()),
  producerEpoch: optional(whole()),
})

function anyJson(name: string) {
  return { description: `Text, null, or the ${name} decoded` }
}

export const SEGMENTS: Readonly<Record<string, Output>> = {
  'segments:list': rows(
    object({
      ...place,
      baseOffset: whole(),
      endOffset: orNull(whole('Behind its last offset; null when it is not known')),
      sizeBytes: whole('Of the log'),
      totalBytes: whole('With its indexes'),
      indexEntries: orNull(whole()),
      lastTimestamp: time,
      modified: timestamp('When the file was last changed'),
      files: list(text(), 'Kinds, such as log or timeindex'),
      marks: list(text(), 'Such as active or deleted'),
    }),
  ),
  'segments:stat': single(
    object({
      partitions: list(
        object({ ...place, firstOffset: orNull(whole()), endOffset: orNull(whole()), ...counts }),
      ),
      total: object(counts),
    }),
  ),
  'segments:verify': rows(
    object({
      severity: oneOf('error', 'warning', 'note'),
      check: text('Which rule; these names do not change'),
      path: text(),
      position: orNull(whole('Byte in the file')),
      offset: orNull(whole()),
      broker: orNull(whole()),
      topic: orNull(text()),
      partition: orNull(whole()),
      reason: text(),
      advice: text(),
      isRepairable: flag('Whether segments repair puts it right'),
    }),
  ),
  'segments:repair': rows(
    object({
      action: oneOf('cut', 'remove', 'rebuild-indexes', 'rebuild-txn-index', 'rewrite'),
      path: text(),
      position: orNull(whole('Where it is cut')),
      what: text(),
      why: text(),
      isDone: flag('False with --dry-run'),
    }),
  ),
  'segments:dump': rows(anyOf(batch, decoded, entry)),
}
