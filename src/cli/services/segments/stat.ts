import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { LogStats, type PartitionStats, statLogs } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { Meter } from '../../output/meter.ts'
import { loadStyles } from '../../output/styles.ts'
import { timeText } from '../../output/text.ts'
import { type FileSelection, locateFiles } from './locate.ts'
import { largestText, totalText } from './stat-text.ts'

export interface StatSegmentsOptions extends FileSelection {
  readonly headsOnly: boolean
}

const DEFAULT_COLUMNS = 80

/** What is in logs, counted: per partition, and all together. */
export async function statSegments(
  context: CommandContext,
  options: StatSegmentsOptions,
): Promise<undefined> {
  let done = 0
  const meter = new Meter({ clock: context.clock, unit: 'bytes' })
  const progress = context.progress(() => meter.line('Reading', done))
  const rows: PartitionStats[] = []
  const total = new LogStats()
  try {
    for await (const found of statLogs(nodeFileSystem, {
      located: locateFiles(context, options),
      headsOnly: options.headsOnly,
      signal: context.signal,
      onBytes: (bytes) => {
        done += bytes
      },
    })) {
      rows.push(found)
      total.add(found.stats)
    }
  } finally {
    progress.stop()
  }
  await show(context, rows, total)
  return undefined
}

async function show(
  context: CommandContext,
  rows: readonly PartitionStats[],
  total: LogStats,
): Promise<void> {
  const { out, terminal } = context
  if (out.isData && out.format !== 'csv' && out.format !== 'name') {
    const partitions = rows.map(({ dir, stats }) => ({
      broker: dir.brokerId ?? null,
      topic: dir.topic,
      partition: dir.partition,
      directory: dir.path,
      firstOffset: stats.firstOffset ?? null,
      endOffset: stats.firstOffset === undefined ? null : stats.endOffset,
      ...statsData(stats),
    }))
    return await out.object({ partitions, total: statsData(total) }, () => '')
  }
  await showTable(context, rows)
  if (out.isData || rows.length === 0) return
  const styles = await loadStyles(terminal.color)
  const columns = terminal.columns ?? DEFAULT_COLUMNS
  const options = { styles, isTerminal: out.sink.isTerminal, columns }
  await out.write(totalText(total, options))
  await out.write(
    largestText(
      rows.map(({ dir, stats }) => ({ name: logName(dir), bytes: stats.bytes })),
      options,
    ),
  )
}

function logName({ brokerId, topic, partition }: PartitionStats['dir']): string {
  return brokerId === undefined ? `${topic}-${partition}` : `${topic}-${partition} on ${brokerId}`
}

async function showTable(context: CommandContext, rows: readonly PartitionStats[]): Promise<void> {
  await context.out.view({
    rows,
    columns: [
      { header: 'BROKER', value: ({ dir }) => dir.brokerId ?? '' },
      { header: 'PARTITION', value: ({ dir }) => `${dir.topic}-${dir.partition}` },
      { header: 'OFFSETS', value: ({ stats }) => offsetsText(stats) },
      { header: 'BATCHES', value: ({ stats }) => stats.batches },
      { header: 'RECORDS', value: ({ stats }) => stats.records },
      { header: 'BYTES', value: ({ stats }) => stats.bytes },
      { header: 'CODECS', value: ({ stats }) => [...stats.codecs.keys()].join('+') },
      { header: 'RATIO', value: ({ stats }) => ratioText(stats) },
      { header: 'PRODUCERS', value: ({ stats }) => stats.producers.size },
      { header: 'SEGMENTS', value: ({ stats }) => stats.segments, wide: true },
      { header: 'GAPS', value: ({ stats }) => stats.gaps, wide: true },
      { header: 'KEYED', value: ({ stats }) => stats.keyed, wide: true },
      { header: 'TOMBSTONES', value: ({ stats }) => stats.tombstones, wide: true },
      { header: 'CONTROL', value: ({ stats }) => stats.controlBatches, wide: true },
      { header: 'OPEN-TXNS', value: ({ stats }) => stats.openTransactions, wide: true },
      { header: 'OLD-FORMAT', value: ({ stats }) => stats.legacyBatches, wide: true },
      { header: 'FIRST-TIMESTAMP', value: ({ stats }) => timeText(stats.firstTimestampMs), wide: true },
      { header: 'LAST-TIMESTAMP', value: ({ stats }) => timeText(stats.lastTimestampMs), wide: true },
    ],
    data: ({ stats }) => statsData(stats),
    name: ({ dir }) => dir.path,
    empty: 'There are no logs.',
  })
}

function offsetsText({ firstOffset, endOffset }: LogStats): string {
  return firstOffset === undefined ? '' : `${firstOffset}..${endOffset - 1}`
}

/** Of what is compressed. */
function ratioText(stats: LogStats): string {
  let stored = 0
  let uncompressed = 0
  for (const [name, codec] of stats.codecs) {
    if (name === 'none' || codec.uncompressedBytes === undefined) continue
    stored += codec.storedBytes
    uncompressed += codec.uncompressedBytes
  }
  return stored === 0 ? '' : (uncompressed / stored).toFixed(2)
}

function statsData(stats: LogStats): Record<string, unknown> {
  const { segments, bytes, batches, records, maxRecordsPerBatch, gaps, missingOffsets } = stats
  const { controlBatches, commits, aborts, legacyBatches, transactionalBatches, keyed, tombstones } = stats
  return {
    segments,
    bytes,
    batches,
    records,
    maxRecordsPerBatch,
    firstTimestamp: stats.firstTimestampMs ?? null,
    lastTimestamp: stats.lastTimestampMs ?? null,
    gaps,
    missingOffsets,
    controlBatches,
    commits,
    aborts,
    legacyBatches,
    transactionalBatches,
    readRecords: stats.readRecords,
    keyed,
    tombstones,
    unreadableBatches: stats.unreadable,
    trailingBytes: stats.trailingBytes,
    codecs: Object.fromEntries(
      [...stats.codecs].map(([name, codec]) => [
        name,
        { ...codec, uncompressedBytes: codec.uncompressedBytes ?? null },
      ]),
    ),
    openTransactions: stats.openTransactions,
    producers: [...stats.producers.values()].map(({ openSince, lastTimestampMs, ...producer }) => ({
      ...producer,
      openSince: openSince ?? null,
      lastTimestamp: lastTimestampMs < 0 ? null : lastTimestampMs,
    })),
    batchSizes: stats.sizes.buckets,
  }
}
